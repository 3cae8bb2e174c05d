// What the model found, told on its own.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Engine } from "../../../src/engine/engine.ts";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import { openSmallEngine } from "../../support/embedded-engine.ts";
import { checkHashRanges, listShards, type PageOutput } from "../../support/listed-shards.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";
import { TestServer } from "../../support/test-server.ts";

const hourMs = 3_600_000;
const StreamName = "orders";
const middle = (2n ** 127n).toString();

interface Opened {
  readonly server: TestServer;
  readonly clock: SimulatedClock;
  /** Calls, and waits until the work that it began is done. */
  change(operation: string, members: object): Promise<void>;
  /** How many records a reader gets that starts this shard at the trim horizon. */
  readable(shardId: string): Promise<number>;
}

async function memoryEngine(clock: SimulatedClock): Promise<Engine> {
  const engine = new MemoryEngine({ clock, memoryBudgetBytes: 2 ** 24 });
  await engine.open();
  return engine;
}

async function open(t: TestContext, engineOn = memoryEngine): Promise<Opened> {
  const clock = new SimulatedClock();
  const engine = await engineOn(clock);
  const server = await TestServer.open({ engine, clock });
  t.after(async () => {
    await server.close();
    await engine.close();
  });
  return {
    server,
    clock,
    async change(operation, members) {
      await server.expectOk(operation, { StreamName, ...members });
      await server.untilIdle();
    },
    async readable(ShardId) {
      const place = { StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" };
      const found = await server.call<{ readonly ShardIterator: string }>("GetShardIterator", place);
      // A closed shard goes with the last of its records.
      if (!found.ok && found.type === "ResourceNotFoundException") return 0;
      assert(found.ok);
      const { ShardIterator } = found.output;
      return (await server.expectOk<PageOutput>("GetRecords", { ShardIterator })).Records.length;
    },
  };
}

const record = { PartitionKey: "k", ExplicitHashKey: "0", Data: "AAAA" };

test("increasing the retention does not bring back what had expired", async (t) => {
  const { server, clock, change, readable } = await open(t);
  await change("CreateStream", { ShardCount: 1 });
  await change("PutRecord", record);
  await change("SplitShard", { ShardToSplit: "shardId-0", NewStartingHashKey: middle });
  await clock.advance(2 * hourMs);
  await change("PutRecord", record);
  await clock.advance(23 * hourMs);
  assert.deepEqual([await readable("shardId-0"), await readable("shardId-1")], [0, 1]);
  await change("IncreaseStreamRetentionPeriod", { RetentionPeriodHours: 48 });
  assert.deepEqual([await readable("shardId-0"), await readable("shardId-1")], [0, 1]);
  assert.equal((await listShards(server, StreamName)).length, 2, "nor the closed shard that held it");
  await clock.advance(10 * hourMs);
  assert.equal(await readable("shardId-1"), 1, "what was young then is kept for the longer time");
});

test("decreasing and increasing the retention again loses what lay in between", async (t) => {
  const { clock, change, readable } = await open(t);
  await change("CreateStream", { ShardCount: 1 });
  await change("IncreaseStreamRetentionPeriod", { RetentionPeriodHours: 48 });
  await change("PutRecord", record);
  await clock.advance(30 * hourMs);
  assert.equal(await readable("shardId-0"), 1);
  await change("DecreaseStreamRetentionPeriod", { RetentionPeriodHours: 24 });
  assert.equal(await readable("shardId-0"), 0);
  await change("IncreaseStreamRetentionPeriod", { RetentionPeriodHours: 48 });
  assert.equal(await readable("shardId-0"), 0);
});

test("a shard that is closed after the clock was set back is listed as long as its records live", async (t) => {
  const { server, clock, change, readable } = await open(t);
  await change("CreateStream", { ShardCount: 1 });
  clock.set(clock.nowMs() + 20 * hourMs);
  await change("PutRecord", record);
  clock.set(clock.nowMs() - 20 * hourMs);
  await change("SplitShard", { ShardToSplit: "shardId-0", NewStartingHashKey: middle });
  // The closing is 30 hours old by the clock, the record 10.
  await clock.advance(30 * hourMs);
  assert.equal(await readable("shardId-0"), 1);
  const roots = await listShards(server, StreamName, { Type: "AT_TRIM_HORIZON" });
  assert.deepEqual(
    roots.map(({ ShardId }) => ShardId),
    ["shardId-000000000000"],
  );
});

test("a shard does not leave the listings before its parent, though the clock was set back in between", async (t) => {
  const { server, clock, change } = await open(t);
  await change("CreateStream", { ShardCount: 2 });
  clock.set(clock.nowMs() + 20 * hourMs);
  await change("SplitShard", { ShardToSplit: "shardId-0", NewStartingHashKey: (2n ** 126n).toString() });
  clock.set(clock.nowMs() - 20 * hourMs);
  await change("MergeShards", { ShardToMerge: "shardId-3", AdjacentShardToMerge: "shardId-1" });
  for (let hour = 0; hour < 50; hour++) {
    checkHashRanges(await listShards(server, StreamName, { Type: "AT_TRIM_HORIZON" }));
    for (const agoMs of [0, 5, 10, 15, 20, 25].map((hours) => hours * hourMs)) {
      const Timestamp = (clock.nowMs() - agoMs) / 1000;
      checkHashRanges(await listShards(server, StreamName, { Type: "AT_TIMESTAMP", Timestamp }));
    }
    await clock.advance(hourMs);
  }
});

test("a hundred changes of one stream at once all go through", async (t) => {
  const { server, change } = await open(t);
  await change("CreateStream", { ShardCount: 1 });
  const calls = Array.from({ length: 100 }, (_, i) =>
    server.expectOk("AddTagsToStream", { StreamName, Tags: { [`tag ${i % 50}`]: String(i) } }),
  );
  await Promise.all(calls);
  const { Tags } = await server.expectOk<{ readonly Tags: readonly unknown[] }>("ListTagsForStream", { StreamName });
  assert.equal(Tags.length, 50);
});

test("a consumer of a stream made again within the same second has another ARN", async (t) => {
  const { server, change } = await open(t);
  const arns = new Set<string>();
  for (let life = 0; life < 3; life++) {
    await change("CreateStream", { ShardCount: 1 });
    const { Consumer } = await server.expectOk<{ readonly Consumer: { readonly ConsumerARN: string } }>(
      "RegisterStreamConsumer",
      { StreamARN: "arn:aws:kinesis:eu-west-1:123456789012:stream/orders", ConsumerName: "reader" },
    );
    arns.add(Consumer.ConsumerARN);
    await server.untilIdle();
    await change("DeleteStream", { EnforceConsumerDeletion: true });
  }
  assert.equal(arns.size, 3);
});

test("what arrives after the clock was set back by days is not expired, though retention was increased before", async (t) => {
  const { clock, change, readable } = await open(t);
  await change("CreateStream", { ShardCount: 1 });
  await change("IncreaseStreamRetentionPeriod", { RetentionPeriodHours: 48 });
  clock.set(clock.nowMs() - 72 * hourMs);
  await change("PutRecord", record);
  assert.equal(await readable("shardId-0"), 1);
});

test("a change of settings does not wait for closed shards that have just expired", async (t) => {
  const { server, clock, change } = await open(t, (simulated) =>
    openSmallEngine(new SimulatedDisk(), { clock: simulated }),
  );
  await change("CreateStream", { ShardCount: 2 });
  await change("UpdateShardCount", { TargetShardCount: 7, ScalingType: "UNIFORM_SCALING" });
  await clock.advance(25 * hourMs);
  // Retention has begun to free the closed shards, and their stream's document still names them.
  await change("EnableEnhancedMonitoring", { ShardLevelMetrics: ["ALL"] });
  const { StreamDescriptionSummary: summary } = await server.expectOk<{
    readonly StreamDescriptionSummary: { readonly StreamStatus: string };
  }>("DescribeStreamSummary", { StreamName });
  assert.equal(summary.StreamStatus, "ACTIVE");
});
