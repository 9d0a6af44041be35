// zvec: HNSW over floats ("f32"), over 8-bit codes ("int8"), or those with its refiner ("int8r").
import {
  ZVecCollectionSchema, ZVecCreateAndOpen, ZVecDataType, ZVecIndexType, ZVecInitialize, ZVecLogLevel,
  ZVecMetricType, ZVecOpen, ZVecQuantizeType,
} from "@zvec/zvec";
import { EF_CONSTRUCTION, K, M, bucketOf, serve } from "./serve.mjs";

const BATCH = 500;

await serve((mode) => {
  ZVecInitialize({ logLevel: ZVecLogLevel.ERROR });
  const schemaOf = (dimension) => new ZVecCollectionSchema({
    name: "vectors",
    fields: [{
      name: "bucket", dataType: ZVecDataType.INT32,
      indexParams: { indexType: ZVecIndexType.INVERT, enableRangeOptimization: true },
    }],
    vectors: {
      name: "v", dataType: ZVecDataType.VECTOR_FP32, dimension,
      indexParams: {
        indexType: ZVecIndexType.HNSW, metricType: ZVecMetricType.L2, m: M, efConstruction: EF_CONSTRUCTION,
        quantizeType: mode === "f32" ? ZVecQuantizeType.UNDEFINED : ZVecQuantizeType.INT8,
      },
    },
  });
  return {
    make(folder, vectors, indexed) {
      const collection = ZVecCreateAndOpen(folder, schemaOf(vectors.dimension));
      for (let first = 0; first < vectors.rows; first += BATCH) {
        const documents = [];
        for (let i = first; i < Math.min(first + BATCH, vectors.rows); ++i) {
          documents.push({ id: String(i), vectors: { v: vectors.row(i) }, fields: { bucket: bucketOf(i) } });
        }
        for (const status of collection.insertSync(documents)) {
          if (!status.ok) throw new Error(`insert: ${JSON.stringify(status)}`);
        }
      }
      if (indexed) collection.optimizeSync();
      collection.closeSync();
    },
    open: (folder, ef, alone) => ZVecOpen(folder, { readOnly: !alone }),
    close: (collection) => collection.closeSync(),
    search(collection, query, ef, percent) {
      const request = {
        fieldName: "v", vector: query, topk: K, outputFields: [],
        params: { indexType: ZVecIndexType.HNSW, ef, isUsingRefiner: mode === "int8r" },
      };
      if (percent > 0) request.filter = `bucket < ${percent}`;
      return collection.querySync(request);
    },
    rowsOf: (found) => found.map((document) => Number(document.id)),
  };
});
