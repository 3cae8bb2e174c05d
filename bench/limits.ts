/**
 * What limits cost on the hot path: ns per record of PutRecords' admission, and per call of GetRecords' and the control
 * plane's. Routing is measured apart: it is done once, for admission and for storing.
 *   node bench/limits.ts
 */
import { hash } from "node:crypto";
import { awsLimits } from "../src/limits/limits-table.ts";
import { RateLimits } from "../src/limits/rate-limits.ts";
import type { IncomingRecords } from "../src/records/incoming-records.ts";
import { ShardMap } from "../src/streams/hash-keys/shard-map.ts";
import { planCreate } from "../src/streams/resharding/reshard-plan.ts";

const recordsPerRequest = 500;
const rounds = 30;
const roundMs = 30;
const stream = {
  id: "stream",
  name: "orders",
  account: "000000000000",
  recordKiBMax: 1024,
  mode: "PROVISIONED",
} as const;

/** Only the columns that admission reads. */
function records(): IncomingRecords {
  const hashKeys = new Uint32Array(recordsPerRequest * 4);
  for (let i = 0; i < recordsPerRequest; i++) {
    const digest = Buffer.from(hash("md5", `key ${i}`, "hex"), "hex");
    for (let word = 0; word < 4; word++) hashKeys[i * 4 + word] = digest.readUInt32BE(word * 4);
  }
  const none = new Uint32Array(recordsPerRequest);
  return {
    count: recordsPerRequest,
    bytes: new Uint8Array(0),
    dataStart: none,
    dataBytes: new Uint32Array(recordsPerRequest).fill(100),
    keyStart: none,
    keyBytes: new Uint16Array(recordsPerRequest).fill(7),
    hashKeys,
  };
}

/** The best round's ns per operation, for what the machine does beside only ever adds; `run` does `operations` of them. */
function nanosecondsOf(run: () => void, operations: number): number {
  const perRound: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    let runs = 0;
    const startMs = performance.now();
    let endMs = startMs;
    for (; endMs - startMs < roundMs; endMs = performance.now()) {
      run();
      runs++;
    }
    // The first round warms up.
    if (round > 0) perRound.push(((endMs - startMs) * 1e6) / (runs * operations));
  }
  return Math.min(...perRound);
}

function report(name: string, nanoseconds: number): void {
  console.log(`${name.padEnd(56)} ${nanoseconds.toFixed(1).padStart(7)} ns`);
}

const request = records();
/** Measures only what a client uses. */
let sum = 0;

for (const shardCount of [1, 16, 1024]) {
  const map = new ShardMap(planCreate(shardCount).map((planned) => ({ ...planned, createSecond: 0, placement: {} })));
  let nowMs = 0;
  const clock = { monotonicMs: () => nowMs };
  const slots = map.routeAll(request.hashKeys, request.count);
  const routing = nanosecondsOf(() => {
    sum += map.routeAll(request.hashKeys, request.count)[7] ?? 0;
  }, recordsPerRequest);
  report(`routing a record, ${shardCount} shards`, routing);
  const admitting = (limits: RateLimits, stepMs: number) =>
    nanosecondsOf(() => {
      nowMs += stepMs;
      sum += limits.admitRecords({ records: request, slots, map }, stream)?.throttledCount ?? 0;
    }, recordsPerRequest);
  report(`admitting a record, all pass, ${shardCount} shards`, admitting(new RateLimits(awsLimits, clock), 1_000.5));
  report(
    `admitting a record, two in three throttled, ${shardCount} shards`,
    admitting(new RateLimits(awsLimits, clock), 500 / 3 / shardCount),
  );
}

let nowMs = 0;
const limits = new RateLimits(awsLimits, { monotonicMs: () => nowMs });
const caller = { account: "000000000000", region: "us-east-1" };
const admitRead = (): void => {
  nowMs += 200;
  limits.admitRead(stream, 7);
  limits.chargeRead(stream, 7, 1_000);
};
const chargeCallRate = (): void => {
  nowMs += 200;
  limits.chargeCallRate("SplitShard", caller, stream);
};
report(
  "admitting and charging one GetRecords",
  nanosecondsOf(() => repeat(admitRead), 1000),
);
report(
  "admitting one call of the control plane",
  nanosecondsOf(() => repeat(chargeCallRate), 1000),
);
if (Number.isNaN(sum)) console.log(sum);

function repeat(act: () => void): void {
  for (let i = 0; i < 1000; i++) act();
}
