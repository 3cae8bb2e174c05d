import assert from "node:assert/strict";
import { test } from "node:test";
import { type LimitSources, limitMetricFamilies } from "../../../src/app/limit-metric-families.ts";
import { awsLimits } from "../../../src/limits/limits-table.ts";
import { StreamRevision } from "../../../src/registry/stream-revision.ts";
import type { WriteRate } from "../../../src/streams/scaling/write-rate.ts";
import type { Stream } from "../../../src/streams/stream.ts";
import { streamOf } from "../streams/stream-of.ts";

const consumer = { name: "a", createdMs: 0, status: "ACTIVE", tags: {} } as const;
const streams: readonly Stream[] = [
  streamOf(3, { id: "1", name: "orders", consumers: [consumer, { ...consumer, name: "b" }] }),
  streamOf(4, { id: "2", name: "clicks", mode: "ON_DEMAND" }),
  streamOf(2, { id: "3", name: "logs", region: "us-east-1", consumers: [consumer] }),
];

function samplesOf(sources: Partial<LimitSources>, all: readonly Stream[] = streams): readonly string[] {
  const revisions = new Map(all.map((stream) => [stream.id, new StreamRevision(stream, 1n)]));
  const families = limitMetricFamilies({
    registry: { all: () => revisions.values() },
    table: awsLimits,
    serverShardCountMax: 1_000,
    gatewayCount: 1,
    rates: new Map(),
    hotShards: new Map(),
    ...sources,
  });
  return families.flatMap(({ name, samples }) =>
    samples.map(({ labels, value }) => `${name} ${Object.values(labels ?? {}).join(" ")} ${value}`),
  );
}

function rate(bytesPerSecond: number, recordsPerSecond: number): WriteRate {
  return { bytesPerSecond, recordsPerSecond };
}

test("quotas are told as used and allowed, by account and region", () => {
  const quotas = samplesOf({}).filter((sample) => sample.includes("quota"));
  assert.deepEqual(quotas, [
    "millrace_quota_used server_shards 9",
    "millrace_quota_used 123456789012 eu-west-1 provisioned_shards 3",
    "millrace_quota_used 123456789012 eu-west-1 on_demand_streams 1",
    "millrace_quota_used 123456789012 eu-west-1 creating_streams 0",
    "millrace_quota_used 123456789012 eu-west-1 changing_queues 0",
    "millrace_quota_used 123456789012 eu-west-1 stream_consumers 2",
    "millrace_quota_used 123456789012 us-east-1 provisioned_shards 2",
    "millrace_quota_used 123456789012 us-east-1 on_demand_streams 0",
    "millrace_quota_used 123456789012 us-east-1 creating_streams 0",
    "millrace_quota_used 123456789012 us-east-1 changing_queues 0",
    "millrace_quota_used 123456789012 us-east-1 stream_consumers 1",
    "millrace_quota_allowed server_shards 1000",
    "millrace_quota_allowed 123456789012 eu-west-1 provisioned_shards 20000",
    "millrace_quota_allowed 123456789012 eu-west-1 on_demand_streams 50",
    "millrace_quota_allowed 123456789012 eu-west-1 creating_streams 5",
    "millrace_quota_allowed 123456789012 eu-west-1 changing_queues 5",
    "millrace_quota_allowed 123456789012 eu-west-1 stream_consumers 20",
    "millrace_quota_allowed 123456789012 us-east-1 provisioned_shards 20000",
    "millrace_quota_allowed 123456789012 us-east-1 on_demand_streams 50",
    "millrace_quota_allowed 123456789012 us-east-1 creating_streams 5",
    "millrace_quota_allowed 123456789012 us-east-1 changing_queues 5",
    "millrace_quota_allowed 123456789012 us-east-1 stream_consumers 20",
  ]);
});

test("without limits only what the server can hold is allowed", () => {
  const allowed = samplesOf({ table: undefined }).filter((sample) => sample.includes("allowed"));
  assert.deepEqual(allowed, ["millrace_quota_allowed server_shards 1000"]);
});

test("the busiest shard of a stream is told beside what a gateway allows a shard, and how many shards are hot", () => {
  const shards = new Map([
    [0, rate(100, 9)],
    [1, rate(700, 2)],
  ]);
  const rates = new Map([["1", { total: rate(800, 11), shards }]]);
  const samples = samplesOf({ rates, gatewayCount: 2, hotShards: new Map([["1", [1, 0]]]) });
  assert.deepEqual(
    samples.filter((sample) => !sample.includes("quota")),
    [
      "millrace_shard_write_rate_used 123456789012 eu-west-1 orders bytes 700",
      "millrace_shard_write_rate_used 123456789012 eu-west-1 orders records 9",
      "millrace_shard_write_rate_allowed bytes 524288",
      "millrace_shard_write_rate_allowed records 500",
      "millrace_stream_hot_shards 123456789012 eu-west-1 orders 2",
    ],
  );
});

test("however many accounts and streams there are, the series are bounded", () => {
  const many = Array.from({ length: 500 }, (_, i) =>
    streamOf(1, { id: `${i}`, name: `s${i}`, account: String(100_000_000_000 + i) }),
  );
  const writes = { total: rate(1, 1), shards: new Map([[0, rate(1, 1)]]) };
  const rates = new Map(many.map(({ id }) => [id, writes]));
  const samples = samplesOf({ rates, hotShards: new Map(many.map(({ id }) => [id, [0]])) }, many);
  assert.equal(samples.length, 2 * (1 + 50 * 5) + 2 * 200 + 2 + 200);
});

test("a stream near its rate in bytes is not left out for streams of more and smaller records", () => {
  const many = Array.from({ length: 201 }, (_, i) => streamOf(1, { id: `${i}`, name: `s${i}` }));
  const writes = (one: WriteRate) => ({ total: one, shards: new Map([[0, one]]) });
  const rates = new Map(many.map(({ id }, i) => [id, writes(i === 200 ? rate(900_000, 1) : rate(100, 100))]));
  const told = samplesOf({ rates }, many).filter((sample) => sample.includes(" s200 bytes "));
  assert.deepEqual(told, ["millrace_shard_write_rate_used 123456789012 eu-west-1 s200 bytes 900000"]);
});
