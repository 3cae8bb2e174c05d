import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import { leastCostMs } from "../../support/growth-of-cost.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { TestServer } from "../../support/test-server.ts";

const [fewShards, manyShards] = [1_000, 8_000];
/** In proportion it is 8, and a collector with more to do makes some more of it; with the square of the number it is 64. */
const growthMax = 25;
const StreamName = "resized";

/** Makes a stream and halves it. */
async function halve(count: number): Promise<void> {
  const clock = new SimulatedClock();
  const engine = new MemoryEngine({ clock, memoryBudgetBytes: 2 ** 26 });
  await engine.open();
  const server = await TestServer.open({ engine, clock });
  await server.expectOk("CreateStream", { StreamName, ShardCount: count });
  await server.untilIdle();
  const input = { StreamName, TargetShardCount: count / 2, ScalingType: "UNIFORM_SCALING" };
  await server.expectOk("UpdateShardCount", input);
  await server.untilIdle();
  const { StreamDescriptionSummary } = await server.expectOk<{
    readonly StreamDescriptionSummary: { readonly OpenShardCount: number };
  }>("DescribeStreamSummary", { StreamName });
  assert.equal(StreamDescriptionSummary.OpenShardCount, count / 2);
  await server.close();
  await engine.close();
}

test("fear: UpdateShardCount of thousands of shards costs more than in proportion to their number", async () => {
  // What is measured is to be no compiler's work.
  await halve(manyShards);
  const manyMs = await leastCostMs(() => halve(manyShards));
  const fewMs = await leastCostMs(() => halve(fewShards));
  assert(manyMs < growthMax * fewMs, `${fewMs} ms, ${manyMs} ms`);
});
