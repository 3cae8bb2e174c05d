import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import { awsLimits } from "../../../src/limits/limits-table.ts";
import { RateLimits } from "../../../src/limits/rate-limits.ts";
import { streamScaled } from "../../../src/telemetry/diagnostic-events.ts";
import { evenRecords } from "../../support/even-records.ts";
import { readLineage } from "../../support/read-lineage.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { TestServer } from "../../support/test-server.ts";
import { MortalEngine } from "./mortal-engine.ts";

const StreamName = "orders";
/** By which a stream of four shards takes 40 records a second, and 20 fill it as far as it gets without splits. */
const shardWriteRecordsPerSecond = 10;

interface Gateway {
  readonly server: TestServer;
  readonly clock: SimulatedClock;
}

async function openGateway(shared: MemoryEngine): Promise<Gateway> {
  const [{ engine }, clock] = [new MortalEngine(shared), new SimulatedClock()];
  const limits = new RateLimits({ ...awsLimits, shardWriteRecordsPerSecond, callsPerSecond: {} }, clock);
  return { server: await TestServer.open({ engine, clock, limits }), clock };
}

let putCount = 0;

/** Each gateway stores so many records in each second; its time passes, and that of no other. */
async function store(gateways: readonly Gateway[], perSecond: number, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    for (const { server } of gateways) {
      if (perSecond === 0) continue;
      const Records = evenRecords(putCount + 1, perSecond);
      putCount += perSecond;
      const { FailedRecordCount } = await server.expectOk<{ FailedRecordCount: number }>("PutRecords", {
        StreamName,
        Records,
      });
      assert.equal(FailedRecordCount, 0);
    }
    await Promise.all(gateways.map(({ clock }) => clock.advance(1_000)));
    for (const { server } of gateways) await server.untilIdle();
  }
}

test("two gateways add up what they store, scale a stream once, and one goes on where the other is gone", async () => {
  const shared = new MemoryEngine({ clock: new SimulatedClock(), memoryBudgetBytes: 64 * 1024 * 1024 });
  await shared.open();
  const [first, second] = [await openGateway(shared), await openGateway(shared)];
  const changes: { readonly from: number; readonly to: number }[] = [];
  const stop = streamScaled.subscribe(({ from, to }) => changes.push({ from, to }));
  try {
    await first.server.expectOk("CreateStream", { StreamName, StreamModeDetails: { StreamMode: "ON_DEMAND" } });
    await store([first, second], 0, 2);
    // Neither of them stores enough for a split.
    await store([first, second], 15, 120);
    assert.deepEqual(changes, [{ from: 4, to: 8 }]);
    // The first one stands still, as after `kill -9`.
    await store([second], 15, 120);
    assert.equal(changes.length, 1, "the peak is not above that of both");
    await store([second], 45, 120);
    assert.deepEqual(changes.slice(1), [{ from: 8, to: 16 }]);
    const records = await readLineage(second.server, StreamName);
    assert.equal(records.length, putCount);
  } finally {
    stop();
    await second.server.close();
    await shared.close();
  }
});
