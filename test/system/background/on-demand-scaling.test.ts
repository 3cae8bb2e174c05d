import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import { awsLimits, type LimitsTable } from "../../../src/limits/limits-table.ts";
import { RateLimits } from "../../../src/limits/rate-limits.ts";
import { type HotShardFound, hotShardFound } from "../../../src/telemetry/diagnostic-events.ts";
import { evenRecords } from "../../support/even-records.ts";
import { readLineage } from "../../support/read-lineage.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { TestServer } from "../../support/test-server.ts";

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

interface SceneOptions {
  readonly splitsHotShards?: boolean;
  /** For a provisioned stream; absent: the stream is on-demand. */
  readonly ShardCount?: number;
}

/** A server with one stream on a clock that the test moves. */
class Scene {
  readonly clock = new SimulatedClock();
  readonly engine = new MemoryEngine({ clock: this.clock, memoryBudgetBytes: 2 ** 28 });
  server!: TestServer;
  /** Records put, and those of them that were throttled. */
  putCount = 0;
  throttledCount = 0;

  static async open(t: TestContext, limits: Partial<LimitsTable>, options: SceneOptions = {}): Promise<Scene> {
    const { splitsHotShards = false, ShardCount } = options;
    const scene = new Scene();
    const { engine, clock } = scene;
    await engine.open();
    const rates = new RateLimits({ ...awsLimits, ...limits }, clock);
    scene.server = await TestServer.open({ engine, clock, splitsHotShards, limits: rates });
    t.after(async () => {
      await scene.server.close();
      await engine.close();
    });
    await scene.server.expectOk("CreateStream", ShardCount === undefined ? { StreamName } : { StreamName, ShardCount });
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

  /** Lets time pass in which nothing is put. */
  async pass(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= 60_000) {
      await this.clock.advance(60_000);
      await this.server.untilIdle();
    }
  }

  async #putSome(count: number, width: number): Promise<void> {
    const Records = evenRecords(this.putCount, count, width);
    this.putCount += count;
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
  const scene = await Scene.open(t, table);
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

test("a restart forgets neither the shards of a stream nor its peak", async (t) => {
  const scene = await Scene.open(t, table);
  await scene.put(30, 75);
  assert.equal(await scene.openShardCount(), 8);
  await scene.server.restart();
  scene.clock.set(scene.clock.nowMs() + 29 * dayMs);
  await scene.pass(5 * 60_000);
  assert.equal(await scene.openShardCount(), 8);
  scene.clock.set(scene.clock.nowMs() + 2 * dayMs);
  await scene.pass(5 * 60_000);
  assert.equal(await scene.openShardCount(), 4);
});

test("keys that are written too much have their shards split, up to a bound, while the others stay", async (t) => {
  const scene = await Scene.open(t, table);
  await scene.put(16, 600, 1 / 16);
  const { OpenShardCount, StreamStatus } = await scene.summary();
  assert.deepEqual({ OpenShardCount, StreamStatus }, { OpenShardCount: 9, StreamStatus: "ACTIVE" });
  const records = await readLineage(scene.server, StreamName);
  assert.equal(records.length, scene.putCount - scene.throttledCount);
});

test("UpdateStreamWarmThroughput raises the capacity, and called lower or equal releases what is not needed", async (t) => {
  const scene = await Scene.open(t, table);
  const { server } = scene;
  const warm = async (WarmThroughputMiBps: number): Promise<Summary> => {
    await server.expectOk("UpdateStreamWarmThroughput", { StreamName, WarmThroughputMiBps });
    await server.untilIdle();
    return await scene.summary();
  };
  await server.expectOk("UpdateAccountSettings", { MinimumThroughputBillingCommitment: { Status: "ENABLED" } });
  const raised = await warm(30);
  assert.deepEqual([raised.OpenShardCount, raised.WarmThroughput], [30, { TargetMiBps: 30, CurrentMiBps: 30 }]);
  await scene.pass(5 * 60_000);
  assert.equal(await scene.openShardCount(), 30, "the request holds");
  await warm(10);
  await scene.pass(10 * 60_000);
  assert.equal(await scene.openShardCount(), 10, "not below the warm throughput");
  await scene.put(80, 150);
  const grown = await scene.openShardCount();
  assert.ok(grown >= 16, `${grown} shards for 80 records a second`);
  await scene.pass(10 * 60_000);
  assert.equal(await scene.openShardCount(), grown, "the peak counts for 30 days");
  await warm(10);
  await scene.pass(10 * 60_000);
  assert.equal(await scene.openShardCount(), 10, "but not beyond a release");
});

test("hot shards of a provisioned stream are reported, and split only where the server was told to", async (t) => {
  const found: HotShardFound[] = [];
  t.after(hotShardFound.subscribe((hot) => found.push(hot)));
  for (const splitsHotShards of [false, true]) {
    const scene = await Scene.open(t, table, { splitsHotShards, ShardCount: 4 });
    await scene.put(8, 180, 1 / 4);
    assert.equal(await scene.openShardCount(), splitsHotShards ? 5 : 4);
  }
  const shardId = "shardId-000000000000";
  assert.deepEqual(
    found.map((hot) => [hot.streamName, hot.shardId, hot.hotCount]),
    [
      [StreamName, shardId, 1],
      [StreamName, shardId, 1],
    ],
  );
});

test("an account's bound on an on-demand stream holds, whatever its traffic", async (t) => {
  const scene = await Scene.open(t, { ...table, onDemandShardCountMaxByRegion: { other: 6 } });
  await scene.put(60, 300);
  assert.equal(await scene.openShardCount(), 6);
  assert.ok(scene.throttledCount > 0);
});
