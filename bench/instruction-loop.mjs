/**
 * One part of a put inside the process, a given number of times: what bench/instructions.ts counts the instructions of.
 * Plain JavaScript over the built server: stripping types would cost far more instructions than what is counted.
 *   node bench/instruction-loop.mjs scan|batch|respond DATA_BYTES RECORDS TIMES
 */
import { createHash } from "node:crypto";

const built = (path) => import(new URL(`../dist/${path}`, import.meta.url).href);
const { jsonCodec } = await built("protocol/json/json-codec.js");
const { batchByShard } = await built("records/batch-by-shard.js");
const { PutResultColumns } = await built("shards/put-result-columns.js");
const { planCreate } = await built("streams/resharding/reshard-plan.js");
const { ShardMap } = await built("streams/hash-keys/shard-map.js");

/** So that nothing is compiled any more while what is counted runs; V8 optimizes JavaScript only after hundreds of calls. */
const warmUpTimes = 60;
const shardCount = 4;
const second = 1_700_000_000;

const [part = "", dataBytesText, recordCountText, timesText] = process.argv.slice(2);
const recordCount = Number(recordCountText);

const map = new ShardMap(planCreate(shardCount).map((range) => ({ ...range, createSecond: second, placement: {} })));
const body = Buffer.from(JSON.stringify({ StreamName: "orders", Records: records(Number(dataBytesText)) }));
const { Records } = jsonCodec.parse(body, "PutRecords").bind();
const batches = batchByShard(Records, map, undefined, { kms: false });
const positions = new BigUint64Array(batches.batchCount).fill(1_000_000n);

const parts = {
  scan() {
    const parsed = jsonCodec.parse(body, "PutRecords");
    const { count } = parsed.bind().Records;
    parsed[Symbol.dispose]();
    return count;
  },
  batch: () => batchByShard(Records, map, undefined, { kms: false }).batchCount,
  respond() {
    const results = new PutResultColumns(recordCount);
    results.add(batches, positions, map, second * 1_000);
    const lease = jsonCodec.encode("PutRecords", { FailedRecordCount: 0, Records: results });
    lease[Symbol.dispose]();
  },
};

/** The same in every run. */
function records(dataBytes) {
  return Array.from({ length: recordCount }, (_, i) => {
    const seed = createHash("sha256").update(String(i)).digest();
    const hex = seed.toString("hex");
    return {
      Data: Buffer.alloc(dataBytes, seed).toString("base64"),
      PartitionKey: `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`,
    };
  });
}

for (const warmUp of Object.values(parts)) for (let i = 0; i < warmUpTimes; i++) warmUp();
for (let i = 0; i < Number(timesText); i++) parts[part]();
