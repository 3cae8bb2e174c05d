import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamRevision } from "../../../src/registry/stream-revision.ts";
import { ShardTraffic, StreamTraffic, TrafficCounts } from "../../../src/shards/traffic-counts.ts";
import { WriteRateHistory } from "../../../src/shards/write-rate-history.ts";
import { streamOf } from "../streams/stream-of.ts";

const id = "stream-1";

/** A history that is sampled each 15 s, and the counts that it reads. */
class Sampled {
  readonly counts = new TrafficCounts();
  readonly history = new WriteRateHistory(this.counts);
  readonly traffic = new StreamTraffic(new StreamRevision(streamOf(2), 1n));
  nowMs = 0;

  constructor() {
    this.counts.streams.set(id, this.traffic);
    this.history.sample(this.nowMs);
  }

  /** So many records of 100 bytes in a shard, in the time up to the next sample. */
  store(recordCount: number, shardIndex = 0, ms = 15_000): void {
    const shard = this.traffic.shards.get(shardIndex) ?? new ShardTraffic();
    this.traffic.shards.set(shardIndex, shard);
    shard.incomingRecords += recordCount;
    shard.incomingBytes += 100 * recordCount;
    this.nowMs += ms;
    if (recordCount > 0) this.traffic.storedAtMs = this.nowMs;
    this.history.sample(this.nowMs);
  }

  get recordsPerSecond(): number | undefined {
    return this.history.rates.get(id)?.total.recordsPerSecond;
  }
}

test("a rate is the mean over the last minute, so that a burst counts as little as it lasts", () => {
  const sampled = new Sampled();
  sampled.store(600);
  assert.equal(sampled.recordsPerSecond, 10);
  for (let i = 0; i < 3; i++) sampled.store(600);
  assert.equal(sampled.recordsPerSecond, 40);
  for (let i = 0; i < 10; i++) sampled.store(600);
  assert.equal(sampled.recordsPerSecond, 40);
  sampled.store(0);
  assert.equal(sampled.recordsPerSecond, 30);
});

test("shards are told apart, and a new one begins at nothing", () => {
  const sampled = new Sampled();
  sampled.store(600);
  sampled.store(300, 1);
  const rates = sampled.history.rates.get(id);
  assert.deepEqual(rates?.shards.get(0), { bytesPerSecond: 1_000, recordsPerSecond: 10 });
  assert.deepEqual(rates?.shards.get(1), { bytesPerSecond: 500, recordsPerSecond: 5 });
  assert.deepEqual(rates?.total, { bytesPerSecond: 1_500, recordsPerSecond: 15 });
});

test("a stream without writes for a minute is gone, and counts from there when it wakes up an hour later", () => {
  const sampled = new Sampled();
  sampled.store(600);
  for (let i = 0; i < 4; i++) sampled.store(0);
  assert.equal(sampled.recordsPerSecond, undefined);
  for (let i = 0; i < 60; i++) sampled.store(0, 0, 60_000);
  sampled.store(600);
  assert.equal(sampled.recordsPerSecond, 10);
});

test("a clock that jumps a day spreads what was written over the day", () => {
  const sampled = new Sampled();
  sampled.store(600);
  sampled.store(86_400, 0, 86_400_000);
  assert.equal(sampled.recordsPerSecond, 1);
});

test("a deleted stream is forgotten", () => {
  const sampled = new Sampled();
  sampled.store(600);
  sampled.counts.streams.delete(id);
  sampled.history.sample(30_000);
  assert.equal(sampled.history.rates.size, 0);
});
