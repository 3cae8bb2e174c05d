import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { StreamTraffic, TrafficCounts } from "../../../src/shards/traffic-counts.ts";
import { highKey, limitedServer, lowKey, shardId } from "../../support/limited-server.ts";
import { account, region, type TestServer } from "../../support/test-server.ts";

const StreamName = "watched";

async function openServer(t: TestContext) {
  const { server, clock, create } = await limitedServer(t);
  await create(StreamName, 2);
  const { counts } = server.services.shards;
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
  const place = { StreamName, ShardId: shardId(0), ShardIteratorType: "TRIM_HORIZON" };
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
