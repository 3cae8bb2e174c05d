import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import { awsLimits } from "../../../src/limits/limits-table.ts";
import { RateLimits } from "../../../src/limits/rate-limits.ts";
import type { StreamTraffic, TrafficCounts } from "../../../src/shards/traffic-counts.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { account, region, TestServer } from "../../support/test-server.ts";

const StreamName = "watched";
const shardOf = (index: number) => `shardId-${String(index).padStart(12, "0")}`;
const [lowKey, highKey] = ["0", "170141183460469231731687303715884105728"];

async function openServer(t: TestContext) {
  const clock = new SimulatedClock();
  const engine = new MemoryEngine({ clock, memoryBudgetBytes: 64 * 1024 * 1024 });
  await engine.open();
  const server = await TestServer.open({ engine, clock, limits: new RateLimits(awsLimits, clock) });
  t.after(async () => {
    await server.close();
    await engine.close();
  });
  await server.expectOk("CreateStream", { StreamName, ShardCount: 2 });
  await server.untilIdle();
  const { counts } = server.services.shards;
  assert(counts !== undefined);
  const record = (data: string, hashKey: string) => ({
    Data: Buffer.from(data).toString("base64"),
    PartitionKey: "key",
    ExplicitHashKey: hashKey,
  });
  const revision = () => server.services.registry.find(account, region, StreamName) ?? assert.fail("no stream");
  const traffic = (): StreamTraffic => counts.streams.get(revision().stream.id) ?? assert.fail("no traffic");
  return { server, clock, counts, record, revision, traffic };
}

function forget(counts: TrafficCounts, { services: { registry } }: TestServer): void {
  counts.forgetDeleted((revision) => registry.current(revision));
}

test("a put of many records counts records and bytes by shard, and the arrival", async (t) => {
  const { server, clock, record, traffic } = await openServer(t);
  const Records = [record("abc", lowKey), record("de", highKey), record("fghi", lowKey)];
  await server.expectOk("PutRecords", { StreamName, Records });
  const { shards, puts, storedAtMs } = traffic();
  const low = shards.get(0);
  assert.deepEqual([low?.incomingRecords, low?.incomingBytes], [2, 3 + 4 + 2 * "key".length]);
  assert.deepEqual([shards.get(1)?.incomingRecords, shards.get(1)?.incomingBytes], [1, 2 + "key".length]);
  assert.equal(storedAtMs, clock.nowMs());
  assert.equal(puts.count, 1);
});

test("reads count what they return and how far behind they are", async (t) => {
  const { server, clock, record, traffic } = await openServer(t);
  await server.expectOk("PutRecord", { StreamName, ...record("abcd", lowKey) });
  await clock.advance(7_000);
  await server.expectOk("PutRecord", { StreamName, ...record("efgh", lowKey) });
  const place = { StreamName, ShardId: shardOf(0), ShardIteratorType: "TRIM_HORIZON" };
  const { ShardIterator } = await server.expectOk<{ ShardIterator: string }>("GetShardIterator", place);
  await server.expectOk("GetRecords", { ShardIterator, Limit: 1 });
  const shard = traffic().shards.get(0);
  assert.deepEqual([shard?.outgoingRecords, shard?.outgoingBytes, shard?.millisBehindLatest], [1, 4, 7_000]);
});

test("throttled records count for the shard that they were meant for", async (t) => {
  const { server, record, traffic } = await openServer(t);
  const big = "x".repeat(700 * 1024);
  await server.expectOk("PutRecords", {
    StreamName,
    Records: [record(big, highKey), record(big, highKey), record("small", lowKey)],
  });
  assert.deepEqual([traffic().shards.get(0)?.throttledWrites, traffic().shards.get(1)?.throttledWrites], [0, 1]);
});

test("a put of which nothing is stored is no arrival", async (t) => {
  const { server, clock, record, traffic } = await openServer(t);
  const input = { StreamName, Records: [record("x".repeat(700 * 1024), highKey)] };
  await server.expectOk("PutRecords", input);
  const storedAtMs = clock.nowMs();
  await clock.advance(1);
  const { FailedRecordCount } = await server.expectOk<{ FailedRecordCount: number }>("PutRecords", input);
  assert.deepEqual([FailedRecordCount, traffic().storedAtMs], [1, storedAtMs]);
});

test("a listener hears of each shard that stored records, until it stops", async (t) => {
  const { server, counts, record, revision } = await openServer(t);
  const heard: number[] = [];
  const stop = counts.listen(revision(), (index) => heard.push(index));
  await server.expectOk("PutRecords", { StreamName, Records: [record("a", highKey), record("b", lowKey)] });
  assert.deepEqual(heard.toSorted(), [0, 1]);
  stop();
  await server.expectOk("PutRecord", { StreamName, ...record("c", lowKey) });
  assert.equal(heard.length, 2);
});

test("what is deleted is forgotten", async (t) => {
  const { server, counts, record, traffic } = await openServer(t);
  await server.expectOk("PutRecord", { StreamName, ...record("a", lowKey) });
  forget(counts, server);
  assert.equal(traffic().shards.size, 1);
  await server.expectOk("DeleteStream", { StreamName });
  await server.untilIdle();
  forget(counts, server);
  assert.equal(counts.streams.size, 0);
});
