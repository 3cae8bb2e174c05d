import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ScalingSweep, type ScalingSweepServices } from "../../../src/background/scaling-sweep.ts";
import { EngineError } from "../../../src/engine/engine-error.ts";
import { MemoryDocumentStore } from "../../../src/engine/memory/memory-document-store.ts";
import { StreamRegistry } from "../../../src/registry/stream-registry.ts";
import { ShardTraffic, StreamTraffic, TrafficCounts } from "../../../src/shards/traffic-counts.ts";
import type { Stream } from "../../../src/streams/stream.ts";
import { backgroundTaskFailed } from "../../../src/telemetry/diagnostic-events.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { streamOf } from "../streams/stream-of.ts";

/** Streams whose traffic the test makes up, and a sweep that runs when the test says so. Intents are not carried out. */
class Scene {
  readonly clock = new SimulatedClock();
  readonly documents = new MemoryDocumentStore();
  readonly counts = new TrafficCounts();
  /** Revisions of streams, those of their creation included. */
  revisionCount = 0;
  readonly registry = new StreamRegistry(this.documents, this.clock, () => this.revisionCount++);
  readonly sweep: ScalingSweep;

  constructor(services: Partial<ScalingSweepServices> = {}) {
    this.documents.open();
    const { clock, registry, counts } = this;
    this.sweep = new ScalingSweep({
      ...{ clock, registry, counts, table: undefined, serverShardCountMax: 1_000, transitionDelayMs: 0 },
      newId: () => "operation",
      splitsHotShards: false,
      ...services,
    });
  }

  async create(stream: Stream): Promise<void> {
    const traffic = new StreamTraffic(await this.registry.create(stream));
    for (const { index } of stream.shards) traffic.shards.set(index, new ShardTraffic());
    this.counts.streams.set(stream.id, traffic);
  }

  /** So many records of 100 bytes each second in each shard of a stream, for so many sweeps. */
  async store(streamId: string, recordsPerSecond: number, sweeps: number): Promise<void> {
    for (let i = 0; i < sweeps; i++) {
      await this.clock.advance(15_000);
      const traffic = this.counts.streams.get(streamId);
      assert(traffic !== undefined);
      traffic.storedAtMs = this.clock.nowMs();
      for (const shard of traffic.shards.values()) {
        shard.incomingRecords += 15 * recordsPerSecond;
        shard.incomingBytes += 1_500 * recordsPerSecond;
      }
      await this.sweep.sweep();
    }
  }

  stream(name = "orders"): Stream | undefined {
    return this.registry.find("123456789012", "eu-west-1", name)?.stream;
  }
}

const onDemand = streamOf(4, { mode: "ON_DEMAND" });

test("without limits a stream is scaled by the service's rates of a shard", async () => {
  const scene = new Scene();
  await scene.create(onDemand);
  await scene.store(onDemand.id, 500, 8);
  assert.equal(scene.stream()?.intent, undefined, "500 records a second are what a shard may take");
  await scene.store(onDemand.id, 600, 2);
  const { status, intent } = scene.stream() ?? {};
  assert(status === "UPDATING" && intent?.kind === "reshard");
  assert.deepEqual(intent.closing, [0, 1, 2, 3]);
});

test("one change at a time: a stream that is UPDATING gets no other intent", async () => {
  const scene = new Scene();
  const intent = { kind: "settle", operationId: "other", dueMs: 0 } as const;
  await scene.create({ ...onDemand, status: "UPDATING", intent });
  await scene.store(onDemand.id, 5_000, 8);
  assert.deepEqual(scene.stream()?.intent, intent);
});

test("a peak is written when it has grown by a tenth, and when its day is over, not at each sweep", async () => {
  const scene = new Scene();
  await scene.create(onDemand);
  await scene.store(onDemand.id, 400, 100);
  const [, , recordsPerSecond] = scene.stream()?.scaling?.peaks.at(-1) ?? [];
  assert(recordsPerSecond !== undefined && recordsPerSecond > 1_600 / 1.1, `${recordsPerSecond} of 1,600 a second`);
  assert(scene.revisionCount < 8, `${scene.revisionCount} revisions`);
  const before = scene.revisionCount;
  scene.clock.set(scene.clock.nowMs() + 24 * 3600 * 1000);
  await scene.store(onDemand.id, 400, 100);
  assert.equal(scene.revisionCount, before + 1);
});

test("streams without traffic cost no write", async () => {
  const scene = new Scene();
  for (let i = 0; i < 200; i++) await scene.create({ ...onDemand, id: `${i}`, name: `s${i}` });
  const before = scene.revisionCount;
  for (let i = 0; i < 20; i++) {
    await scene.clock.advance(60_000);
    await scene.sweep.sweep();
  }
  assert.equal(scene.revisionCount, before);
});

test("a tenth of the shards that the server can hold is left to requests", async () => {
  const scene = new Scene({ serverShardCountMax: 10 });
  await scene.create(onDemand);
  await scene.store(onDemand.id, 5_000, 8);
  const { intent } = scene.stream() ?? {};
  assert(intent?.kind === "reshard");
  assert.equal(intent.opening.length, 4, "4 shards are there, so 9 leave room for 2 splits");
});

test("a change of the document that came first is no failure, and the next sweep decides again", async (t: TestContext) => {
  const scene = new Scene();
  await scene.create(onDemand);
  const failures: unknown[] = [];
  t.after(backgroundTaskFailed.subscribe((failure) => failures.push(failure)));
  const refused = t.mock.method(scene.registry, "replace", async () => {
    throw new EngineError("conflict", "another change came first");
  });
  await scene.store(onDemand.id, 2_400, 1);
  assert.equal(refused.mock.callCount(), 1);
  refused.mock.restore();
  assert.equal(scene.stream()?.intent, undefined);
  await scene.store(onDemand.id, 2_400, 1);
  assert.equal(scene.stream()?.intent?.kind, "reshard");
  assert.deepEqual(failures, []);
});

test("hot shards are known by stream while they are hot, and forgotten with their stream", async () => {
  const scene = new Scene();
  const provisioned = streamOf(2);
  await scene.create(provisioned);
  scene.counts.streams.get(provisioned.id)?.shards.delete(1);
  await scene.store(provisioned.id, 800, 4);
  assert.deepEqual([...scene.sweep.hotShards], [[provisioned.id, [0]]]);
  await scene.store(provisioned.id, 100, 5);
  assert.equal(scene.sweep.hotShards.size, 0);
  assert.equal(scene.stream()?.intent, undefined, "it was not told to split them");
});
