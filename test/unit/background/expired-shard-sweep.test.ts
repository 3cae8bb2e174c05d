import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { TestServer } from "../../support/test-server.ts";

const hourMs = 3_600_000;

interface Listed {
  readonly Shards: readonly { readonly ShardId: string }[];
}

test("a closed shard leaves the engine and the document once its last record has expired", async (t) => {
  const clock = new SimulatedClock();
  const engine = new MemoryEngine({ clock, memoryBudgetBytes: 2 ** 24 });
  await engine.open();
  const server = await TestServer.open({ engine, clock });
  t.after(async () => {
    await server.close();
    await engine.close();
  });
  const StreamName = "orders";
  const shardCount = async () => (await engine.health()).figures["shards"];

  await server.expectOk("CreateStream", { StreamName, ShardCount: 1 });
  await server.untilIdle();
  await server.expectOk("PutRecord", { StreamName, PartitionKey: "k", Data: "AAAA" });
  await server.expectOk("SplitShard", {
    StreamName,
    ShardToSplit: "shardId-0",
    NewStartingHashKey: String(2n ** 127n),
  });
  await server.untilIdle();
  await clock.advance(23 * hourMs);
  assert.equal(await shardCount(), 3, "the parent still holds a record");

  await clock.advance(2 * hourMs);
  assert.equal(await shardCount(), 2);
  const { Shards } = await server.expectOk<Listed>("ListShards", { StreamName });
  assert.deepEqual(
    Shards.map(({ ShardId }) => ShardId),
    ["shardId-000000000001", "shardId-000000000002"],
  );
  const place = { StreamName, ShardId: "shardId-0", ShardIteratorType: "TRIM_HORIZON" };
  const refused = await server.call("GetShardIterator", place);
  assert(!refused.ok);
  assert.equal(refused.type, "ResourceNotFoundException");

  await server.expectOk("SplitShard", {
    StreamName,
    ShardToSplit: "shardId-1",
    NewStartingHashKey: String(2n ** 126n),
  });
  await server.untilIdle();
  const after = await server.expectOk<Listed>("ListShards", { StreamName });
  assert.equal(after.Shards.at(-1)?.ShardId, "shardId-000000000004", "no index is given twice");
});
