import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryEngine } from "../../../../src/engine/memory/memory-engine.ts";
import { SimulatedClock } from "../../../support/simulated-clock.ts";

const memoryBudgetBytes = 100 * 1024;

function makeEngine(): MemoryEngine {
  return new MemoryEngine({ clock: new SimulatedClock(), memoryBudgetBytes });
}

test("the memory engine refuses every call before it is opened", async () => {
  const engine = makeEngine();
  assert.equal((await engine.health()).ready, false);
  await assert.rejects(engine.log.createShard("stream", 0, { openShardCount: 1 }), { kind: "closed" });
  await assert.rejects(engine.documents.get("a"), { kind: "closed" });
  await engine.open();
  assert.equal((await engine.health()).ready, true);
  await engine.close();
});

test("the memory engine never calls itself durable and says when its budget is nearly used", async () => {
  const engine = makeEngine();
  await engine.open();
  const shard = await engine.log.createShard("stream", 0, { openShardCount: 1 });
  await engine.documents.compareAndSwap("a", Buffer.from("1"), 0n);
  assert.deepEqual(await engine.health(), {
    ready: true,
    durable: false,
    degraded: [],
    figures: { memory_bytes: 0, memory_budget_bytes: memoryBudgetBytes, shards: 1, catalog_documents: 1 },
  });
  const body = new Uint8Array(engine.limits.entryBytesMax);
  await engine.log.append([{ shard, entry: { count: 1, timeMs: 0, body } }]);
  const { degraded } = await engine.health();
  assert.deepEqual(degraded, [
    "The memory budget is 100 % used. At 100 % records are refused until others expire; shorten the retention of streams, delete streams, or raise --memory-budget.",
  ]);
  await engine.close();
  const { figures } = await engine.health();
  assert.deepEqual(figures, {
    memory_bytes: 0,
    memory_budget_bytes: memoryBudgetBytes,
    shards: 0,
    catalog_documents: 0,
  });
});

test("the memory engine calls an entry too large that its whole budget could not take", async () => {
  const engine = makeEngine();
  await engine.open();
  const shard = await engine.log.createShard("stream", 0, { openShardCount: 1 });
  const body = new Uint8Array(memoryBudgetBytes);
  await assert.rejects(engine.log.append([{ shard, entry: { count: 1, timeMs: 0, body } }]), { kind: "too_large" });
  await engine.close();
});
