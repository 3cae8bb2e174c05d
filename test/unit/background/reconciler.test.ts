import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Reconciler } from "../../../src/background/reconciler.ts";
import { EngineError } from "../../../src/engine/engine-error.ts";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import type { ShardLog } from "../../../src/engine/shard-log.ts";
import { DeletedStreams } from "../../../src/registry/deleted-streams.ts";
import { NameStore } from "../../../src/registry/name-store.ts";
import { StreamRegistry } from "../../../src/registry/stream-registry.ts";
import type { StreamRevision } from "../../../src/registry/stream-revision.ts";
import { planCreate } from "../../../src/streams/resharding/reshard-plan.ts";
import type { Stream, StreamChannel, StreamConsumer, StreamQueue } from "../../../src/streams/stream.ts";
import { backgroundTaskFailed } from "../../../src/telemetry/diagnostic-events.ts";
import { logWith } from "../../support/log-with.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { streamOf } from "../streams/stream-of.ts";

const retryMs = 200;

interface Services {
  readonly engine: MemoryEngine;
  readonly clock: SimulatedClock;
  readonly registry: StreamRegistry;
  readonly deletedStreams: DeletedStreams;
  readonly reconciler: Reconciler;
  /** The status of every revision, in the order in which the reconciler saw them. */
  readonly statuses: string[];
}

async function openServices(
  own: (log: ShardLog) => Partial<ShardLog> = () => ({}),
  onChange: (revision: StreamRevision, registry: StreamRegistry) => void = () => undefined,
): Promise<Services> {
  const clock = new SimulatedClock();
  const engine = new MemoryEngine({ clock, memoryBudgetBytes: 2 ** 24 });
  await engine.open();
  const statuses: string[] = [];
  const deletedStreams = new DeletedStreams(engine.documents);
  const registry: StreamRegistry = new StreamRegistry(engine.documents, clock, (revision) => {
    statuses.push(revision.stream.status);
    reconciler.wake(revision);
    onChange(revision, registry);
  });
  const log = logWith(engine.log, own(engine.log));
  const queueNames = new NameStore(engine.documents, clock, "queue");
  const queues = {
    async openStateLog(queueId: string) {
      const { placement } = await log.createShard(queueId, 1, { openShardCount: 1 });
      return { generation: 1, placement };
    },
    async drop({ id, stateLog }: StreamQueue) {
      if (stateLog === undefined) return;
      await log.dropShard({ streamId: id, shardIndex: stateLog.generation, placement: stateLog.placement });
    },
  };
  const channelNames = new NameStore(engine.documents, clock, "channel");
  const channels = {
    // A channel of this name has no bucket.
    begin: async (_revision: StreamRevision, { name }: StreamChannel) => (name === "lost" ? "no bucket" : undefined),
    drop: async () => undefined,
  };
  const names = { queueNames, channelNames };
  const reconciler = new Reconciler({ log, registry, deletedStreams, ...names, queues, channels, clock });
  await registry.open();
  await reconciler.start();
  return { engine, clock, registry, deletedStreams, reconciler, statuses };
}

async function close({ engine, registry, reconciler }: Services): Promise<void> {
  await reconciler.close();
  await registry.close();
  await engine.close();
}

function creating(shardCount: number, dueMs = 0): Stream {
  const opening = planCreate(shardCount);
  const intent = { kind: "create", operationId: "create", dueMs, createSecond: 1_700_000_000, opening } as const;
  return { ...streamOf(shardCount), status: "CREATING", shards: [], intent };
}

function settling(stream: Stream, operationId: string, dueMs = 0): Stream {
  return { ...stream, status: "UPDATING", intent: { kind: "settle", operationId, dueMs } };
}

function deleting(stream: Stream, dueMs = 0): Stream {
  return { ...stream, status: "DELETING", intent: { kind: "delete", operationId: "delete", dueMs } };
}

function newest({ registry }: Services): Stream | undefined {
  return [...registry.all()][0]?.stream;
}

test("an intent that is written at the very end of the one before is carried out as well", async () => {
  let intents = 0;
  const services = await openServices(undefined, (revision, registry) => {
    // As soon as the stream is ACTIVE the next one comes: the job of the former has not yet ended.
    if (revision.stream.status !== "ACTIVE" || intents === 5) return;
    intents += 1;
    void registry.replace(revision, settling(revision.stream, `settle ${intents}`));
  });
  await services.registry.create(creating(2));
  await nextTurn();
  assert.equal(intents, 5);
  assert.equal(newest(services)?.status, "ACTIVE");
  assert.deepEqual(services.statuses.slice(-2), ["UPDATING", "ACTIVE"]);
  await close(services);
});

test("an intent waits for its time, and a more urgent one takes its place", async () => {
  const services = await openServices();
  const revision = await services.registry.create(creating(2, services.clock.nowMs() + 60_000));
  await services.clock.advance(59_999);
  assert.equal(newest(services)?.status, "CREATING");
  await services.registry.replace(revision, deleting(revision.stream, services.clock.nowMs() + 10));
  await services.clock.advance(9);
  assert.equal(newest(services)?.status, "DELETING");
  await services.clock.advance(1);
  await nextTurn();
  assert.equal(newest(services), undefined);
  assert.equal(services.engine.log.shardCount, 0);
  assert.equal(services.clock.pendingDelayCount, 0, "no delay is left for work that will not be done");
  await close(services);
});

test("a change of something else meanwhile does not put an intent off", async () => {
  const services = await openServices();
  const revision = await services.registry.create(creating(1, services.clock.nowMs() + 1_000));
  await services.clock.advance(600);
  await services.registry.replace(revision, { ...revision.stream, tags: { some: "tag" } });
  await services.clock.advance(400);
  await nextTurn();
  assert.deepEqual([newest(services)?.status, newest(services)?.tags], ["ACTIVE", { some: "tag" }]);
  await close(services);
});

test("a clock that is set back while an intent or a consumer waits holds neither up", async () => {
  const consumerOf = (dueMs: number): StreamConsumer => {
    return { name: "reader", createdMs: dueMs, status: "CREATING", dueMs, tags: {} };
  };
  for (const streamDue of [
    (dueMs: number): Stream => creating(1, dueMs),
    (dueMs: number): Stream => ({ ...streamOf(1), consumers: [consumerOf(dueMs)] }),
  ]) {
    const services = await openServices();
    await services.registry.create(streamDue(services.clock.nowMs() + 1_000));
    await services.clock.advance(500);
    services.clock.set(services.clock.nowMs() - 3_600_000);
    await services.clock.advance(500);
    await nextTurn();
    const stream = newest(services);
    assert.deepEqual([stream?.status, stream?.consumers?.[0]?.status ?? "ACTIVE"], ["ACTIVE", "ACTIVE"]);
    assert.equal(services.statuses.length, 2, "one change, not one after the other");
    await close(services);
  }
});

test("a step that fails is retried after a pause, and reported once until it succeeds", async () => {
  let failures = 2;
  const reported: unknown[] = [];
  const unsubscribe = backgroundTaskFailed.subscribe((message) => reported.push(message));
  const error = new EngineError("unavailable", "not now");
  const services = await openServices((log) => ({
    createShard: async (...args) => {
      if (args[1] === 1 && failures-- > 0) throw error;
      return await log.createShard(...args);
    },
  }));
  await services.registry.create(creating(2));
  await nextTurn();
  assert.equal(newest(services)?.status, "CREATING");
  await services.clock.advance(2 * retryMs);
  await nextTurn();
  assert.equal(newest(services)?.status, "ACTIVE");
  assert.deepEqual(reported, [{ streamName: "orders", intent: "create", error }]);
  unsubscribe();
  await close(services);
});

test("a full disk is one report of a stream that waits for it and one a minute, not five a second", async () => {
  const reported: string[] = [];
  const unsubscribe = backgroundTaskFailed.subscribe(({ error }) => reported.push((error as Error).message));
  let sentence = "the disk is full";
  let calls = 0;
  const services = await openServices(() => ({
    createShard: () => {
      calls++;
      return Promise.reject(new EngineError("throttled", sentence));
    },
  }));
  await services.registry.create(creating(1));
  await nextTurn();
  for (let elapsedMs = 0; elapsedMs < 130_000; elapsedMs += retryMs) {
    await services.clock.advance(retryMs);
    await nextTurn();
  }
  assert.ok(calls > 100, `${calls} calls`);
  assert.deepEqual(reported, Array(3).fill("the disk is full"));
  sentence = "something else";
  await services.clock.advance(retryMs);
  await nextTurn();
  assert.deepEqual(reported.slice(3), ["something else"]);
  unsubscribe();
  await close(services);
});

test("logs whose freeing fails are freed later without a restart, and the name is free meanwhile", async () => {
  let failures = 3;
  const services = await openServices((log) => ({
    dropStream: async (...args) => {
      if (failures-- > 0) throw new EngineError("unavailable", "not now");
      await log.dropStream(...args);
    },
  }));
  const revision = await services.registry.create(creating(3));
  await nextTurn();
  const active = services.registry.current(revision);
  assert(active !== undefined);
  await services.registry.replace(active, deleting(active.stream));
  await nextTurn();
  assert.equal(newest(services), undefined);
  await services.registry.create({ ...creating(1), id: "stream-2" });
  await nextTurn();
  assert.equal(newest(services)?.status, "ACTIVE");
  assert.equal(services.engine.log.shardCount, 4);
  assert.equal((await services.deletedStreams.pendingDrops()).length, 1);
  await services.clock.advance(3 * retryMs);
  await nextTurn();
  assert.equal(services.engine.log.shardCount, 1);
  assert.deepEqual(await services.deletedStreams.pendingDrops(), []);
  await close(services);
});

test("a conflict with another server's change is no failure: the newer document is looked at", async () => {
  const services = await openServices((log) => ({
    // Another server changes a tag while this one is at work.
    setRetention: async (...args) => {
      await log.setRetention(...args);
      const revision = [...services.registry.all()][0];
      if (revision === undefined || revision.stream.tags["some"] !== undefined) return;
      await services.registry.replace(revision, { ...revision.stream, tags: { some: "tag" } });
    },
  }));
  await services.registry.create(creating(1));
  await nextTurn();
  assert.deepEqual([newest(services)?.status, newest(services)?.tags], ["ACTIVE", { some: "tag" }]);
  await close(services);
});

test("close() leaves what waits and what fails in its document, and ends at once", async () => {
  const services = await openServices(() => ({
    createShard: async () => {
      throw new EngineError("unavailable", "never");
    },
  }));
  await services.registry.create(creating(1));
  await services.registry.create({ ...creating(1, services.clock.nowMs() + 1_000), name: "later", id: "stream-2" });
  await nextTurn();
  await services.reconciler.close();
  assert.equal(services.clock.pendingDelayCount, 0);
  const intents = [...services.registry.all()].map(({ stream }) => stream.intent?.kind);
  assert.deepEqual(intents, ["create", "create"]);
  await close(services);
});

function queueOf(status: StreamQueue["status"], dueMs: number): StreamQueue {
  const start = { type: "TRIM_HORIZON" } as const;
  return { id: "q", name: "work", status, createdMs: dueMs, dueMs, start, visibilitySeconds: 30, tags: {} };
}

test("a queue is ACTIVE only with a state log and a start, and gone only with neither", async () => {
  const services = await openServices();
  const { registry, clock, engine } = services;
  const dueMs = clock.nowMs() + 1_000;
  await registry.create({ ...streamOf(1), mode: "ON_DEMAND", queues: [queueOf("CREATING", dueMs)] });
  await clock.advance(999);
  assert.equal(newest(services)?.queues?.[0]?.status, "CREATING");
  await clock.advance(1);
  await nextTurn();
  const active = newest(services)?.queues?.[0];
  assert(active?.stateLog !== undefined && active.startMs !== undefined);
  assert.deepEqual([active.status, active.dueMs, active.stateLog.generation], ["ACTIVE", undefined, 1]);
  assert.equal(engine.log.shardCount, 1, "the state log; the shard of the stream was not made here");
  const [revision] = [...registry.all()];
  assert(revision !== undefined);
  const deleting = { ...active, status: "DELETING", dueMs: 0 } as const;
  await registry.replace(revision, { ...revision.stream, queues: [deleting] });
  await nextTurn();
  assert.equal(newest(services)?.queues, undefined);
  assert.equal(engine.log.shardCount, 0);
  await close(services);
});

test("a queue that is deleted while its state log is being made is deleted, not ACTIVE again", async () => {
  const made = Promise.withResolvers<void>();
  const services = await openServices((log) => ({
    createShard: async (...args) => {
      await made.promise;
      return await log.createShard(...args);
    },
  }));
  const { registry, clock } = services;
  const created = await registry.create({ ...streamOf(1), mode: "ON_DEMAND", queues: [queueOf("CREATING", 0)] });
  await nextTurn();
  const deleting = queueOf("DELETING", clock.nowMs() + 1_000);
  await registry.replace(created, { ...created.stream, queues: [deleting] });
  made.resolve();
  await nextTurn();
  assert.equal(newest(services)?.queues?.[0]?.status, "DELETING");
  await clock.advance(1_000);
  await nextTurn();
  assert.equal(newest(services)?.queues, undefined);
  await close(services);
});

test("a queue whose state log cannot be made is reported, and made after a pause", async () => {
  let failures = 1;
  const error = new EngineError("unavailable", "not now");
  const services = await openServices((log) => ({
    createShard: async (...args) => {
      if (failures-- > 0) throw error;
      return await log.createShard(...args);
    },
  }));
  const reported: unknown[] = [];
  const unsubscribe = backgroundTaskFailed.subscribe((message) => reported.push(message));
  await services.registry.create({ ...streamOf(1), mode: "ON_DEMAND", queues: [queueOf("CREATING", 0)] });
  await nextTurn();
  assert.deepEqual(reported, [{ streamName: "orders", intent: "queue", error }]);
  await services.clock.advance(retryMs);
  await nextTurn();
  assert.equal(newest(services)?.queues?.[0]?.status, "ACTIVE");
  unsubscribe();
  await close(services);
});

test("a stream is ACTIVE in a new settings epoch only when its open logs are fenced, and takes over a later one", async () => {
  const fences: string[] = [];
  let failsOnce = true;
  const services = await openServices((log) => ({
    async fenceBefore(shard, settingsEpoch) {
      if (shard.shardIndex === 1 && failsOnce) {
        failsOnce = false;
        throw new EngineError("unavailable", "no leader");
      }
      const epoch = await log.fenceBefore(shard, settingsEpoch);
      fences.push(`${newest(services)?.status} ${shard.shardIndex}: ${epoch}`);
      return epoch;
    },
  }));
  const created = await services.registry.create(creating(2));
  await nextTurn();
  const change = async (settingsEpoch: number): Promise<void> => {
    const current = services.registry.current(created) ?? assert.fail("the stream is there");
    const settled = { ...settling(current.stream, `epoch ${settingsEpoch}`), settingsEpoch };
    const intent = { kind: "settle", operationId: `epoch ${settingsEpoch}`, dueMs: 0, fences: true } as const;
    await services.registry.replace(current, { ...settled, intent });
    await nextTurn();
  };
  await change(1);
  assert.deepEqual([fences, newest(services)?.status], [["UPDATING 0: 1"], "UPDATING"]);
  await services.clock.advance(retryMs);
  await nextTurn();
  assert.deepEqual(fences.slice(1), ["UPDATING 0: 1", "UPDATING 1: 1"]);
  assert.deepEqual([newest(services)?.status, newest(services)?.settingsEpoch], ["ACTIVE", 1]);
  // A log from a backup that is newer than that of the documents.
  const [ref] = services.registry.current(created)?.openRefs ?? [];
  assert(ref !== undefined);
  await services.engine.log.fenceBefore(ref, 9);
  await change(2);
  assert.deepEqual([newest(services)?.status, newest(services)?.settingsEpoch], ["ACTIVE", 9]);
  await close(services);
});
