/**
 * One part of a put's way inside the process, a given number of times: what bench/kernels.ts counts the instructions of.
 * Plain JavaScript over the built server: stripping types would cost far more instructions than what is counted.
 *   node bench/kernel-loop.mjs scan|lay-out|answer DATA_BYTES RECORDS TIMES
 */
import { createHash } from "node:crypto";

const built = (path) => import(new URL(`../dist/${path}`, import.meta.url).href);
const { jsonCodec } = await built("protocol/json/json-codec.js");
const { batchByShard: layOut } = await built("records/batch-by-shard.js");
const { PutResultColumns: ResultColumns } = await built("shards/put-result-columns.js");
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
const input = jsonCodec.decode("PutRecords", jsonCodec.parse(body, "PutRecords"));
const laidOut = layOut(input.Records, map, undefined, { kms: false });
const positions = new BigUint64Array(laidOut.groupCount).fill(1_000_000n);

const parts = {
  scan() {
    const { Records } = jsonCodec.decode("PutRecords", jsonCodec.parse(body, "PutRecords"));
    Records.release();
    return Records.count;
  },
  "lay-out": () => layOut(input.Records, map, undefined, { kms: false }).groupCount,
  answer() {
    const results = new ResultColumns(recordCount);
    results.take(laidOut, positions, map, second * 1_000);
    return jsonCodec.encode("PutRecords", { FailedRecordCount: 0, Records: results }).length;
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
