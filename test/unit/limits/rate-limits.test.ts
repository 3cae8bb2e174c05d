import assert from "node:assert/strict";
import { test } from "node:test";
import { awsLimits } from "../../../src/limits/limits-table.ts";
import { RateLimits } from "../../../src/limits/rate-limits.ts";
import { ShardMap } from "../../../src/streams/hash-keys/shard-map.ts";
import { incomingRecords } from "../../support/incoming-records-of.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { streamOf } from "../streams/stream-of.ts";
import { routed } from "./routed.ts";

const caller = { account: "111111111111", region: "eu-west-1" };
const stream = streamOf(2);
const controlRate = {
  type: "LimitExceededException",
  message: "Rate exceeded for stream orders under account 123456789012.",
};
const shardRate = {
  type: "ProvisionedThroughputExceededException",
  message: "Rate exceeded for shard shardId-000000000001 in stream orders under account 123456789012.",
};

const readRate = {
  type: "ProvisionedThroughputExceededException",
  message: "Rate exceeded for Shard - 123456789012/orders/shardId-000000000001",
};

function repeat(count: number, act: () => void): void {
  for (let i = 0; i < count; i++) act();
}

function make() {
  const clock = new SimulatedClock();
  return { clock, limits: new RateLimits(awsLimits, clock) };
}

test("calls by account count together for all streams, apart for each account and region", async () => {
  const { clock, limits } = make();
  repeat(10, () => limits.chargeCallRate("DescribeStream", caller, stream));
  assert.throws(() => limits.chargeCallRate("DescribeStream", caller, stream), controlRate);
  assert.throws(
    () => limits.chargeCallRate("DescribeStream", caller, streamOf(1, { name: "other" })),
    /stream other under/,
  );
  limits.chargeCallRate("DescribeStream", { ...caller, region: "us-east-1" }, stream);
  limits.chargeCallRate("DescribeStream", { ...caller, account: "222222222222" }, stream);
  await clock.advance(100);
  limits.chargeCallRate("DescribeStream", caller, stream);
});

test("a throttled call that names no stream speaks of the account", () => {
  const { limits } = make();
  repeat(5, () => limits.chargeCallRate("ListStreams", caller));
  assert.throws(() => limits.chargeCallRate("ListStreams", caller), {
    type: "LimitExceededException",
    message: "Rate exceeded for account 111111111111.",
  });
});

test("calls by stream count apart for each stream, together for all who call", () => {
  const { limits } = make();
  repeat(5, () => limits.chargeCallRate("SplitShard", caller, stream));
  assert.throws(() => limits.chargeCallRate("SplitShard", { ...caller, account: "222222222222" }, stream), controlRate);
  limits.chargeCallRate("SplitShard", caller, streamOf(1, { name: "other" }));
});

test("a call without the stream that it needs, and one that counts by shard or not at all, passes", () => {
  const { limits } = make();
  for (const operation of [
    "SplitShard",
    "GetRecords",
    "SubscribeToShard",
    "PutRecords",
    "StopStreamEncryption",
  ] as const) {
    repeat(100, () => limits.chargeCallRate(operation, caller));
  }
  repeat(100, () => limits.chargeCallRate("GetRecords", caller, stream));
});

test("a shard takes 5 GetShardIterator and 5 GetRecords a second", async () => {
  const { clock, limits } = make();
  repeat(5, () => limits.admitIterator(stream, 1));
  assert.throws(() => limits.admitIterator(stream, 1), shardRate);
  repeat(5, () => limits.admitRead(stream, 1));
  assert.throws(() => limits.admitRead(stream, 1), readRate);
  limits.admitRead(stream, 0);
  await clock.advance(200);
  limits.admitIterator(stream, 1);
  limits.admitRead(stream, 1);
});

test("a page of 10 MiB silences its shard for five seconds, whatever the wall clock does", async () => {
  const { clock, limits } = make();
  limits.admitRead(stream, 1);
  limits.chargeRead(stream, 1, 10 * 1024 ** 2);
  assert.throws(() => limits.admitRead(stream, 1), readRate);
  clock.set(0);
  await clock.advance(4_999);
  assert.throws(() => limits.admitRead(stream, 1), readRate);
  await clock.advance(1);
  limits.admitRead(stream, 1);
});

test("refused reads cost no call", async () => {
  const { clock, limits } = make();
  limits.chargeRead(stream, 1, 2 * 1024 ** 2);
  repeat(20, () => assert.throws(() => limits.admitRead(stream, 1), readRate));
  await clock.advance(1_000);
  repeat(5, () => limits.admitRead(stream, 1));
});

test("a consumer subscribes to a shard once a second", async () => {
  const { clock, limits } = make();
  limits.admitSubscription(stream, 1, "dashboard");
  assert.throws(() => limits.admitSubscription(stream, 1, "dashboard"), controlRate);
  limits.admitSubscription(stream, 0, "dashboard");
  limits.admitSubscription(stream, 1, "audit");
  await clock.advance(1_000);
  limits.admitSubscription(stream, 1, "dashboard");
});

test("records are admitted by their shard's rate", async () => {
  const { clock, limits } = make();
  const map = new ShardMap(stream.shards);
  const records = incomingRecords(new Array(500).fill({ key: "a", data: "" }));
  assert.equal(limits.admitRecords(routed(records, map), stream), undefined);
  assert.equal(limits.admitRecords(routed(records, map), stream), undefined);
  assert.equal(limits.admitRecords(routed(records, map), stream)?.throttledCount, 500);
  await clock.advance(500);
  assert.equal(limits.admitRecords(routed(records, map), stream), undefined);
});

test("gateways that share the rates allow their parts, and one that is alone again all of them", async () => {
  const { clock, limits } = make();
  limits.shareAmong(2);
  const map = new ShardMap(stream.shards);
  const records = incomingRecords(Array.from({ length: 700 }, () => ({ key: "a", data: "x" })));
  assert.equal(limits.admitRecords(routed(records, map), stream)?.throttledCount, 200, "half of 1,000 a second");
  repeat(2, () => limits.admitRead(stream, 1));
  assert.throws(() => limits.admitRead(stream, 1), readRate);
  limits.shareAmong(1);
  assert.equal(limits.admitRecords(routed(records, map), stream), undefined);
  repeat(5, () => limits.admitRead(stream, 1));
  assert.throws(() => limits.admitRead(stream, 1), readRate);

  // A part of one call a second is a call every seven seconds, not none.
  limits.shareAmong(7);
  limits.chargeCallRate("DescribeLimits", caller);
  assert.throws(() => limits.chargeCallRate("DescribeLimits", caller));
  await clock.advance(7_000);
  limits.chargeCallRate("DescribeLimits", caller);
});

test("a record of the largest size is admitted however many gateways share the rates", () => {
  const { limits } = make();
  limits.shareAmong(2_000);
  const map = new ShardMap(stream.shards);
  const records = incomingRecords([{ key: "a", data: "x".repeat(1024 * 1024 - 1) }]);
  assert.equal(limits.admitRecords(routed(records, map), stream), undefined);
});
