import assert from "node:assert/strict";
import { test } from "node:test";
import { ShardWriteThrottle } from "../../../src/limits/shard-write-throttle.ts";
import { ShardMap } from "../../../src/streams/hash-keys/shard-map.ts";
import type { Shard } from "../../../src/streams/stream.ts";
import { incomingRecords } from "../../support/incoming-records-of.ts";
import { retainedBytes } from "../../support/retained-bytes.ts";
import { streamOf } from "../streams/stream-of.ts";
import { routed } from "./routed.ts";

const rates = { shardWriteBytesPerSecond: 1_000, shardWriteRecordsPerSecond: 10 };
const burst = { bytes: 1_000, records: 10 };

/** The same ranges under new indexes, as after a merge and a split of every shard. */
function reshard(shards: readonly Shard[], firstIndex: number): readonly Shard[] {
  return shards.map((shard, i) => ({ ...shard, index: firstIndex + i }));
}

/** One record of 100 bytes for each shard. */
const records = (map: ShardMap) =>
  incomingRecords(map.shards.map(({ startingHashKey }) => ({ data: "x".repeat(100), hashKey: startingHashKey })));

test("a stream that is resharded again and again under load does not grow", () => {
  const budgets = new ShardWriteThrottle(rates);
  let shards: readonly Shard[] = streamOf(10).shards;
  let round = 0;
  const reshardOften = (rounds: number): void => {
    for (const end = round + rounds; round < end; round++) {
      const map = new ShardMap(shards);
      assert.equal(budgets.admit(routed(records(map), map), burst, round * 1_000), undefined);
      shards = reshard(shards, 10 * (round + 1));
    }
  };
  // The first rounds compile the code and fill the pools of the test.
  reshardOften(2_000);
  const bytes = retainedBytes(() => reshardOften(5_000));
  assert.ok(bytes < 1_000_000, `${bytes} bytes`);
  assert.equal(budgets.isFull(round * 1_000), true);
});

test("shards that have spent something keep it when rows are cleared away", () => {
  const budgets = new ShardWriteThrottle(rates);
  const { shards } = streamOf(2);
  const map = new ShardMap(shards);
  const spend = (present: ShardMap, nowMs: number): number => {
    const partly = budgets.admit(routed(records(present), present), burst, nowMs);
    return partly === undefined ? 0 : partly.throttledCount;
  };
  for (let i = 0; i < 10; i++) assert.equal(spend(map, 0), 0);
  for (let round = 1; round < 20; round++) spend(new ShardMap(reshard(shards, 2 * round)), 0);
  const again = new ShardMap(shards);
  assert.equal(spend(again, 0), 2);
  assert.equal(spend(map, 0), 2, "an old revision meets the same rows");
  assert.equal(spend(again, 100), 0);
  assert.equal(spend(map, 100), 2);
});

test("budgets are at rest once a whole burst has come back", () => {
  const budgets = new ShardWriteThrottle(rates);
  const map = new ShardMap(streamOf(1).shards);
  budgets.admit(routed(records(map), map), { bytes: 5_000, records: burst.records }, 0);
  assert.equal(budgets.isFull(4_999), false);
  assert.equal(budgets.isFull(5_000), true);
});

test("a clock that steps back neither fills a budget nor freezes it", () => {
  const budgets = new ShardWriteThrottle(rates);
  const map = new ShardMap(streamOf(1).shards);
  const one = records(map);
  for (let i = 0; i < 10; i++) assert.equal(budgets.admit(routed(one, map), burst, 50_000), undefined);
  assert.equal(budgets.admit(routed(one, map), burst, 0)?.throttledCount, 1);
  assert.equal(budgets.admit(routed(one, map), burst, 99)?.throttledCount, 1);
  assert.equal(budgets.admit(routed(one, map), burst, 100), undefined);
});
