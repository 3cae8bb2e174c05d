import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { openMonitoring } from "../../../src/app/open-monitoring.ts";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import { type BackgroundTaskFailed, backgroundTaskFailed } from "../../../src/telemetry/diagnostic-events.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { TestServer } from "../../support/test-server.ts";

const StreamName = "watched";

async function openServer(t: TestContext) {
  const clock = new SimulatedClock();
  const engine = new MemoryEngine({ clock, memoryBudgetBytes: 16 * 1024 * 1024 });
  await engine.open();
  const server = await TestServer.open({ engine, clock });
  const closing = new AsyncDisposableStack();
  t.after(async () => {
    await closing.disposeAsync();
    await server.close();
    await engine.close();
  });
  await server.expectOk("CreateStream", { StreamName, ShardCount: 1 });
  await server.untilIdle();
  return { server, clock, reader: openMonitoring({ services: server.services, clock, closing }) };
}

/** Fear: after one step that fails the server ends by an unhandled rejection, or shows no metrics until it is restarted. */
test("a step that fails is published, and the steps after it have their samples", async (t) => {
  const { server, clock, reader } = await openServer(t);
  const failures: BackgroundTaskFailed[] = [];
  t.after(backgroundTaskFailed.subscribe((failure) => failures.push(failure)));
  const { traffic } = server.services.shards;
  const failing = t.mock.method(traffic, "sample", () => {
    throw new Error("injected");
  });
  await clock.advance(5_000);
  await assert.rejects(reader.sources(0), { message: "injected" });
  failing.mock.restore();
  assert.deepEqual(
    failures.map(({ intent, error }) => [intent, String(error)]),
    [["metrics", "Error: injected"]],
  );

  await server.expectOk("PutRecord", { StreamName, Data: "AA==", PartitionKey: "key" });
  await clock.advance(5_000);
  assert.equal((await reader.sources(0)).length, 1);
  assert.equal(failures.length, 1, "no step after it");
});
