import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamRevision } from "../../../src/registry/stream-revision.ts";
import { ShardTraffic, StreamTraffic, TrafficCounts } from "../../../src/shards/traffic-counts.ts";
import { historyStepMs, TrafficHistory } from "../../../src/shards/traffic-history.ts";

/** Only the identity of the stream matters here. */
const revision = new StreamRevision({ id: "s" } as never, 1n);

function open() {
  const counts = new TrafficCounts();
  const stream = new StreamTraffic(revision);
  const shard = new ShardTraffic();
  counts.streams.set("s", stream);
  stream.shards.set(3, shard);
  const history = new TrafficHistory(counts);
  let nowMs = 0;
  const step = (count = 1): void => {
    for (let i = 0; i < count; i++) {
      nowMs += historyStepMs;
      history.sample(nowMs, historyStepMs);
    }
  };
  return { counts, stream, shard, history, step };
}

test("each step has the rates since the step before", () => {
  const { stream, shard, history, step } = open();
  shard.incomingRecords = 10;
  shard.incomingBytes = 500;
  stream.puts.count = 2;
  stream.puts.totalMs = 6;
  step();
  shard.incomingRecords = 60;
  step();
  const steps = history.ofShard("s", 3);
  assert(steps !== undefined);
  assert.deepEqual(steps.incomingRecords.slice(-2), [2, 10]);
  assert.deepEqual(steps.incomingBytes.slice(-2), [100, 0]);
  assert.deepEqual([steps.incomingRecords.length, steps.endMs], [720, 2 * historyStepMs]);
  const ofStream = history.ofStream("s");
  assert.deepEqual(ofStream?.putMs.slice(-2), [3, Number.NaN]);
  assert.equal(history.rates.get("s")?.stream.incomingRecords, 10);
});

test("memory is taken with the first traffic and given back after an hour without any", () => {
  const { shard, history, step } = open();
  step();
  assert.equal(history.ofStream("s"), undefined);
  shard.incomingRecords = 1;
  step(700);
  assert.notEqual(history.ofShard("s", 3), undefined);
  step(22);
  assert.equal(history.ofShard("s", 3), undefined);
  assert.equal(history.ofStream("s"), undefined);
});

test("a deleted stream leaves nothing", () => {
  const { counts, shard, history, step } = open();
  shard.incomingRecords = 1;
  step();
  counts.streams.delete("s");
  step();
  assert.equal(history.ofStream("s"), undefined);
  assert.equal(history.ofShard("s", 3), undefined);
  assert.equal(history.rates.size, 0);
});

test("a consumer that is behind shows in the iterator age of its stream", () => {
  const { stream, history, step } = open();
  stream.consumers.set("c", { millisBehindLatest: new Map([[3, 9_000]]) });
  step();
  assert.equal(history.rates.get("s")?.stream.iteratorAgeMs, 9_000);
});

/** Fear: the ages of all consumers and shards of a large stream are more than one call takes, and the console's history ends. */
test("50 consumers of 20,000 shards are sampled", () => {
  const { stream, history, step } = open();
  const millisBehindLatest = new Map(Array.from({ length: 20_000 }, (_, index) => [index, index]));
  for (let i = 0; i < 50; i++) stream.consumers.set(`c${i}`, { millisBehindLatest });
  step();
  assert.equal(history.rates.get("s")?.stream.iteratorAgeMs, 19_999);
});

test("a shard has the durations of its calls, and reads that find nothing begin no history of it", () => {
  const { shard, history, step } = open();
  shard.reads.count = 4;
  shard.reads.totalMs = 10;
  step();
  assert.equal(history.ofShard("s", 3), undefined);
  shard.incomingRecords = 1;
  shard.puts.count = 1;
  shard.puts.totalMs = 7;
  shard.reads.count = 6;
  shard.reads.totalMs = 16;
  step();
  assert.deepEqual(history.ofShard("s", 3)?.putMs.slice(-1), [7]);
  assert.deepEqual(history.ofShard("s", 3)?.readMs.slice(-1), [3]);
});
