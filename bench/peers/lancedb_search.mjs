// LanceDB: an IVF_HNSW_SQ index with one partition.
import * as arrow from "apache-arrow";
import * as lancedb from "@lancedb/lancedb";
import { EF_CONSTRUCTION, K, M, bucketOf, serve } from "./serve.mjs";

const BATCH = 20000;

function tableOf(vectors, first, rows) {
  const d = vectors.dimension;
  const numbers = arrow.makeData({
    type: new arrow.Float32(), length: rows * d, nullCount: 0,
    data: vectors.values.subarray(first * d, (first + rows) * d),
  });
  const type = new arrow.FixedSizeList(d, new arrow.Field("item", new arrow.Float32(), true));
  const whole = (of) => arrow.vectorFromArray(Int32Array.from({ length: rows }, (_, i) => of(first + i)), new arrow.Int32());
  return new arrow.Table({
    id: whole((i) => i),
    bucket: whole(bucketOf),
    v: arrow.makeVector(arrow.makeData({ type, length: rows, nullCount: 0, child: numbers })),
  });
}

await serve(() => ({
  async make(folder, vectors, indexed) {
    const database = await lancedb.connect(folder);
    let table;
    for (let first = 0; first < vectors.rows; first += BATCH) {
      const rows = tableOf(vectors, first, Math.min(BATCH, vectors.rows - first));
      if (table) await table.add(rows);
      else table = await database.createTable("vectors", rows);
    }
    if (!indexed || vectors.rows < 256) return; // it trains on no fewer
    const config = lancedb.Index.hnswSq({ distanceType: "l2", numPartitions: 1, m: M, efConstruction: EF_CONSTRUCTION });
    await table.createIndex("v", { config, waitTimeoutSeconds: 3600 });
    await table.createIndex("bucket", { config: lancedb.Index.btree(), waitTimeoutSeconds: 3600 });
  },
  async open(folder) {
    return (await lancedb.connect(folder)).openTable("vectors");
  },
  close() {},
  search(table, query, ef, percent) {
    let request = table.query().nearestTo(query).distanceType("l2").limit(K).ef(Math.max(ef, 2 * K))
      .refineFactor(2).select(["id", "_distance"]);
    if (percent > 0) request = request.where(`bucket < ${percent}`);
    return request.toArrow();
  },
  rowsOf: (found) => Array.from(found.getChild("id").toArray()),
}));
