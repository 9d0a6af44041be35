// USearch: an HNSW index over floats ("f32"). Filters are not part of its interface for Node.js.
import usearch from "usearch";
import fs from "node:fs";
import { EF_CONSTRUCTION, K, M, serve } from "./serve.mjs";

const { Index, MetricKind, ScalarKind } = usearch;

await serve(() => {
  let dimensions = 0;
  const make = (ef) => new Index({
    dimensions, metric: MetricKind.L2sq, quantization: ScalarKind.F32, connectivity: M,
    expansion_add: EF_CONSTRUCTION, expansion_search: ef, multi: false,
  });
  const fileOf = (folder) => `${folder}/index.usearch`;
  const open = (folder, ef) => {
    dimensions ||= Number(fs.readFileSync(`${folder}/dimension`, "utf8"));
    const index = make(ef); // candidates are a property of the opened index
    index.view(fileOf(folder));
    return { index, ef };
  };
  return {
    make(folder, vectors) {
      dimensions = vectors.dimension;
      fs.mkdirSync(folder, { recursive: true });
      fs.writeFileSync(`${folder}/dimension`, String(dimensions));
      const index = make(K);
      index.add(BigUint64Array.from({ length: vectors.rows }, (_, i) => BigInt(i)), vectors.values, 0);
      index.save(fileOf(folder));
    },
    open,
    reopen: (opened, folder, ef) => (opened.ef === ef ? opened : open(folder, ef)),
    close() {},
    search: (opened, query) => opened.index.search(query, K, 1),
    rowsOf: (found) => Array.from(found.keys, Number),
  };
});
