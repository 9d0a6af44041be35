// What the programs beside this file share: each serves one database to bench/peers.cc, which
// starts it with
//   node PROGRAM MODE FOLDER BASE QUERIES        vectors are files of u32 rows, u32 dimension, f32s
// writes a command a line and waits for the line that answers it:
//   build                      makes FOLDER from BASE unless an earlier run has; answers
//                              seconds, seconds of processors, bytes on disk
//   insert                     makes it without building an index; answers seconds
//   open                       answers seconds to open, seconds of the first search
//   search EF PERCENT N FILE   the first N queries, one at a time, of the rows of which PERCENT are
//                              kept (0: no filter); FILE gets each query's seconds and 10 rows
//   small N FILE               the same of a collection of 20 rows: what a call costs
//   memory                     answers the megabytes that are resident
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";

export const K = 10;
export const M = 16;
export const EF_CONSTRUCTION = 200;

function readVectors(file) {
  const bytes = fs.readFileSync(file);
  const rows = bytes.readUInt32LE(0);
  const dimension = bytes.readUInt32LE(4);
  const values = new Float32Array(bytes.buffer, bytes.byteOffset + 8, rows * dimension);
  return { rows, dimension, row: (i) => values.subarray(i * dimension, (i + 1) * dimension), values };
}

// The percent that row `i` stands at, 0 to 99, the same as in bench/peers.cc.
export function bucketOf(i) {
  return (Math.imul(i + 1, 0x9e3779b1) >>> 16) % 100;
}

function bytesOf(folder) {
  let bytes = 0;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const name = path.join(folder, entry.name);
    bytes += entry.isDirectory() ? bytesOf(name) : fs.statSync(name).size;
  }
  return bytes;
}

// The first `n` queries, one after the other; a line of seconds and rows for each of them.
async function run(queries, n, file, search, rowsOf) {
  const out = new DataView(new ArrayBuffer(n * (8 + 4 * K)));
  for (let q = 0; q < n; ++q) {
    const query = queries.row(q).slice();
    const start = performance.now();
    let found = search(query);
    if (found instanceof Promise) found = await found;
    const took = performance.now() - start;
    const rows = rowsOf(found);
    const at = q * (8 + 4 * K);
    out.setFloat64(at, took / 1e3, true);
    for (let i = 0; i < K; ++i) out.setUint32(at + 8 + 4 * i, i < rows.length ? rows[i] : 0xffffffff, true);
  }
  fs.writeFileSync(file, out);
}

// A peer makes, opens and closes collections, and searches the one that is open:
//   make(folder, vectors, indexed)   open(folder, ef, alone) -> collection   close(collection)
//   search(collection, query, ef, percent)   rowsOf(found) -> row numbers
export async function serve(makePeer) {
  const [mode, folder, base, queryFile] = process.argv.slice(2);
  const peer = await makePeer(mode);
  const queries = readVectors(queryFile);
  const whole = folder + ".done";
  let opened;
  let small;

  async function make(indexed) {
    const vectors = readVectors(base);
    fs.rmSync(folder, { recursive: true, force: true });
    const cpu = process.cpuUsage();
    const start = performance.now();
    await peer.make(folder, vectors, indexed);
    const seconds = (performance.now() - start) / 1e3;
    const used = process.cpuUsage(cpu);
    return `${seconds} ${(used.user + used.system) / 1e6}`;
  }
  async function makeSmall() {
    const at = `${folder}-small-${mode}`;
    fs.rmSync(at, { recursive: true, force: true });
    const rows = 20;
    await peer.make(at, { ...queries, rows, values: queries.values.subarray(0, rows * queries.dimension) }, true);
    small = await peer.open(at, K, true);
  }
  const commands = {
    async build() {
      if (!fs.existsSync(whole)) fs.writeFileSync(whole, await make(true));
      return `${fs.readFileSync(whole, "utf8")} ${bytesOf(folder)}`;
    },
    async insert() {
      const took = await make(false);
      opened = await peer.open(folder, K, true);
      return took;
    },
    async open() {
      const start = performance.now();
      opened = await peer.open(folder, K);
      const open = performance.now() - start;
      await peer.search(opened, queries.row(0).slice(), K, 0);
      return `${open / 1e3} ${(performance.now() - start - open) / 1e3}`;
    },
    async search(ef, percent, n, file) {
      if (peer.reopen) opened = await peer.reopen(opened, folder, Number(ef));
      await run(queries, Number(n), file, (q) => peer.search(opened, q, Number(ef), Number(percent)), peer.rowsOf);
      return "done";
    },
    async small(n, file) {
      if (!small) await makeSmall();
      await run(queries, Number(n), file, (q) => peer.search(small, q, K, 0), peer.rowsOf);
      return "done";
    },
    memory: () => String(process.memoryUsage().rss / 1e6),
  };
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [name, ...rest] = line.split(" ");
    process.stdout.write((await commands[name](...rest)) + "\n");
  }
  if (opened) peer.close(opened);
  if (small) peer.close(small);
}
