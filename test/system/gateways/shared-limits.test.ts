import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import { awsLimits } from "../../../src/limits/limits-table.ts";
import { RateLimits } from "../../../src/limits/rate-limits.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { TestServer } from "../../support/test-server.ts";
import { MortalEngine } from "./mortal-engine.ts";

const StreamName = "orders";
const Records = Array.from({ length: 500 }, () => ({ Data: "YQ==", PartitionKey: "a" }));

interface Gateway {
  readonly server: TestServer;
  readonly clock: SimulatedClock;
  readonly engine: MortalEngine;
}

async function openGateway(shared: MemoryEngine): Promise<Gateway> {
  const [engine, clock] = [new MortalEngine(shared), new SimulatedClock()];
  const limits = new RateLimits(awsLimits, clock);
  return { server: await TestServer.open({ engine: engine.engine, clock, limits }), clock, engine };
}

/** How many of 1,000 records, which is the rate of a shard, one gateway stores in an instant. */
async function storedCount({ server }: Gateway): Promise<number> {
  let count = 0;
  for (let request = 0; request < 2; request++) {
    const put = { StreamName, Records };
    count +=
      Records.length - (await server.expectOk<{ FailedRecordCount: number }>("PutRecords", put)).FailedRecordCount;
  }
  return count;
}

/** Lets time pass for some gateways; that of the others stands still, as after `kill -9`. */
async function pass(gateways: readonly Gateway[], ms: number): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += 500) {
    await Promise.all(gateways.map(({ clock }) => clock.advance(500)));
    await gateways[0]?.engine.engine.documents.catchUp?.();
  }
}

test("two gateways share the rate of a shard, and within five seconds the one that is left has all of it", async () => {
  const shared = new MemoryEngine({ clock: new SimulatedClock(), memoryBudgetBytes: 64 * 1024 * 1024 });
  await shared.open();
  const first = await openGateway(shared);
  await first.server.expectOk("CreateStream", { StreamName, ShardCount: 1 });
  await first.server.untilIdle();
  await pass([first], 1_000);
  assert.equal(await storedCount(first), 1_000, "alone");

  const second = await openGateway(shared);
  await pass([first, second], 2_000);
  assert.deepEqual([await storedCount(first), await storedCount(second)], [500, 500]);

  await pass([first], 5_000);
  assert.equal(await storedCount(first), 1_000, "alone again");
  await first.server.close();
  await shared.close();
});
