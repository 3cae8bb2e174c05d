import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import { awsLimits, type LimitsTable } from "../../../src/limits/limits-table.ts";
import { RateLimits } from "../../../src/limits/rate-limits.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { TestServer } from "../../support/test-server.ts";
import { readLineage } from "./read-lineage.ts";

const StreamName = "s";
/** So few that a test can fill shards. */
const shardRecords = 10;
const table: Partial<LimitsTable> = {
  shardWriteRecordsPerSecond: shardRecords,
  callsPerSecond: {},
  shardReadBytesPerSecond: 2 ** 30,
};
const dayMs = 24 * 3600 * 1000;

interface Summary {
  readonly OpenShardCount: number;
  readonly StreamStatus: string;
  readonly WarmThroughput?: { readonly TargetMiBps: number; readonly CurrentMiBps: number };
}

/** A server with one on-demand stream on a clock that the test moves. */
class Scene {
  readonly clock = new SimulatedClock();
  readonly engine = new MemoryEngine({ clock: this.clock, memoryBudgetBytes: 2 ** 28 });
  server!: TestServer;
  /** Records put, and those of them that were throttled. */
  putCount = 0;
  throttledCount = 0;

  static async open(t: TestContext, limits: Partial<LimitsTable> | undefined = table): Promise<Scene> {
    const scene = new Scene();
    const { engine, clock } = scene;
    await engine.open();
    const rates = limits === undefined ? {} : { limits: new RateLimits({ ...awsLimits, ...limits }, clock) };
    scene.server = await TestServer.open({ engine, clock, ...rates });
    t.after(async () => {
      await scene.server.close();
      await engine.close();
    });
    await scene.server.expectOk("CreateStream", { StreamName, StreamModeDetails: { StreamMode: "ON_DEMAND" } });
    await scene.server.untilIdle();
    return scene;
  }

  /** Puts so many records each second, evenly over the hash keys below `width` of them. */
  async put(perSecond: number, seconds: number, width = 1): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      for (let left = perSecond; left > 0; left -= 500) await this.#putSome(Math.min(500, left), width);
      await this.clock.advance(1_000);
      await this.server.untilIdle();
    }
  }

  async #putSome(count: number, width: number): Promise<void> {
    const Records = Array.from({ length: count }, () => {
      const number = this.putCount++;
      // Multiples of the golden ratio fall evenly however many there are.
      const part = ((number * 0.618_033_988_749_895) % 1) * width;
      const ExplicitHashKey = (BigInt(Math.floor(part * 2 ** 52)) << 76n).toString();
      return { Data: Buffer.from(`${number}`).toString("base64"), PartitionKey: "k", ExplicitHashKey };
    });
    const { FailedRecordCount } = await this.server.expectOk<{ FailedRecordCount: number }>("PutRecords", {
      StreamName,
      Records,
    });
    this.throttledCount += FailedRecordCount;
  }

  async summary(): Promise<Summary> {
    const output = await this.server.expectOk<{ StreamDescriptionSummary: Summary }>("DescribeStreamSummary", {
      StreamName,
    });
    return output.StreamDescriptionSummary;
  }

  async openShardCount(): Promise<number> {
    return (await this.summary()).OpenShardCount;
  }
}

test("traffic that doubles every two minutes for ten minutes is never throttled, and each record is read once", async (t) => {
  const scene = await Scene.open(t);
  const counts: number[] = [];
  for (let perSecond = 20; perSecond <= 320; perSecond *= 2) {
    await scene.put(perSecond, 120);
    counts.push(await scene.openShardCount());
  }
  assert.deepEqual(counts, [4, 8, 16, 32, 64]);
  assert.equal(scene.throttledCount, 0);
  const records = await readLineage(scene.server, StreamName);
  assert.equal(records.length, scene.putCount);
  assert.equal(new Set(records.map(({ data }) => data)).size, scene.putCount);
});
