// Inserts batches of vectors into a new zvec collection and prints the seconds that took.
//   node zvec_insert.mjs FOLDER BATCHES ROWS DIMENSION
import { ZVecCollectionSchema, ZVecCreateAndOpen, ZVecDataType } from "@zvec/zvec";

const [folder, batches, rows, dimension] = process.argv.slice(2);
const schema = new ZVecCollectionSchema({
  name: "vectors",
  vectors: { name: "v", dataType: ZVecDataType.VECTOR_FP32, dimension: Number(dimension) },
});
const collection = ZVecCreateAndOpen(folder, schema);
const made = [];
for (let b = 0; b < Number(batches); ++b) {
  const documents = [];
  for (let r = 0; r < Number(rows); ++r) {
    const v = new Float32Array(Number(dimension));
    for (let i = 0; i < v.length; ++i) v[i] = Math.random() * 256;
    documents.push({ id: String(b * Number(rows) + r), vectors: { v } });
  }
  made.push(documents);
}
const start = process.hrtime.bigint();
for (const documents of made) {
  for (const status of collection.insertSync(documents)) {
    if (!status.ok) throw new Error(`insert: ${JSON.stringify(status)}`);
  }
}
console.log(Number(process.hrtime.bigint() - start) / 1e9);
collection.closeSync();
