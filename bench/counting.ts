/**
 * What counting costs a put: ns of CPU for PutRecord and for PutRecords of 500, for the sums of its shards, for what CloudWatch
 * shows of a stream, the same with all of its 16 shards monitored, and for the console. In turns, the best of some rounds.
 *   node bench/counting.ts
 */
import type { IncomingRecords } from "../src/records/incoming-records.ts";
import { StreamRevision } from "../src/registry/stream-revision.ts";
import { putTrafficOf } from "../src/shards/put-traffic.ts";
import { type PutOperation, StreamMetrics } from "../src/shards/stream-metrics.ts";
import { TrafficCounts } from "../src/shards/traffic-counts.ts";
import { planCreate } from "../src/streams/resharding/reshard-plan.ts";
import { withMetrics } from "../src/streams/shard-level-metrics.ts";

const shardCount = 16;
const rounds = 8;
const recordsPerRound = 4_000_000;

function streamOf(name: string, shardLevelMetrics?: object): StreamRevision {
  const shards = planCreate(shardCount).map((planned) => ({ ...planned, createSecond: 0, placement: {} }));
  return new StreamRevision({ id: name, account: "0", region: "r", name, shards, shardLevelMetrics } as never, 1n);
}

const plain = streamOf("plain");
const watched = streamOf("watched", withMetrics([], ["ALL"]));

/** Only the columns that counting reads. */
function put(count: number) {
  const none = new Uint32Array(0);
  const records: IncomingRecords = {
    ...{ count, bytes: new Uint8Array(0), dataStart: none, keyStart: none, hashKeys: none },
    dataBytes: new Uint32Array(count).fill(100),
    keyBytes: new Uint16Array(count).fill(7),
  };
  const batchCount = Math.min(count, shardCount);
  const stored = {
    batchOfRecord: Int16Array.from({ length: count }, (_, i) => i % batchCount),
    shardIndexes: Uint32Array.from({ length: batchCount }, (_, i) => i),
    createSeconds: new Float64Array(batchCount),
    positions: new BigUint64Array(batchCount),
    seconds: new Float64Array(batchCount),
  };
  return { records, results: { count, shardIds: [], sequenceNumbers: [], stored } };
}

function cpuNanoseconds(run: () => void, times: number): number {
  const before = process.cpuUsage();
  for (let i = 0; i < times; i++) run();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / times;
}

const metrics = new StreamMetrics();
const counts = new TrafficCounts();
for (const [operation, recordCount] of [
  ["PutRecord", 1],
  ["PutRecords", 500],
] as const satisfies readonly (readonly [PutOperation, number])[]) {
  const finished = { ...put(recordCount), shardMap: plain.shardMap, durationMs: 1.5 };
  const traffic = putTrafficOf(finished);
  const parts: Readonly<Record<string, () => void>> = {
    "its sums": () => void putTrafficOf(finished),
    "a stream": () => metrics.countPut(plain, operation, traffic),
    "a stream and its shards": () => metrics.countPut(watched, operation, traffic),
    "the console": () => counts.countPut(plain, traffic, 1),
  };
  const best = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(parts)) {
      const nanoseconds = cpuNanoseconds(run, recordsPerRound / recordCount / (recordCount === 1 ? 4 : 1));
      best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, nanoseconds));
    }
  }
  for (const [name, nanoseconds] of best) {
    process.stdout.write(`${operation}, ${name}: ${nanoseconds.toFixed(0)} ns\n`);
  }
}
