import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Reconciler } from "../../../src/background/reconciler.ts";
import { EngineError } from "../../../src/engine/engine-error.ts";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import type { ShardLog } from "../../../src/engine/shard-log.ts";
import { DeletedStreams } from "../../../src/registry/deleted-streams.ts";
import { StreamRegistry } from "../../../src/registry/stream-registry.ts";
import type { StreamRevision } from "../../../src/registry/stream-revision.ts";
import { planCreate } from "../../../src/streams/resharding/reshard-plan.ts";
import type { Stream, StreamConsumer } from "../../../src/streams/stream.ts";
import { backgroundTaskFailed } from "../../../src/telemetry/diagnostic-events.ts";
import { logWith } from "../../support/log-with.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { streamOf } from "../streams/stream-of.ts";

const retryMs = 200;

interface Rooms {
  readonly engine: MemoryEngine;
  readonly clock: SimulatedClock;
  readonly registry: StreamRegistry;
  readonly deletedStreams: DeletedStreams;
  readonly upkeep: Reconciler;
  /** The status of every revision, as upkeep was told of it. */
  readonly statuses: string[];
}

async function openRooms(
  own: (log: ShardLog) => Partial<ShardLog> = () => ({}),
  onChange: (revision: StreamRevision, registry: StreamRegistry) => void = () => undefined,
): Promise<Rooms> {
  const clock = new SimulatedClock();
  const engine = new MemoryEngine({ clock, memoryBudgetBytes: 2 ** 24 });
  await engine.open();
  const statuses: string[] = [];
  const deletedStreams = new DeletedStreams(engine.documents);
  const registry: StreamRegistry = new StreamRegistry(engine.documents, clock, (revision) => {
    statuses.push(revision.stream.status);
    upkeep.wake(revision);
    onChange(revision, registry);
  });
  const log = logWith(engine.log, own(engine.log));
  const upkeep = new Reconciler({ log, registry, deletedStreams, clock });
  await registry.open();
  await upkeep.start();
  return { engine, clock, registry, deletedStreams, upkeep, statuses };
}

async function close({ engine, registry, upkeep }: Rooms): Promise<void> {
  await upkeep.close();
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

function newest({ registry }: Rooms): Stream | undefined {
  return [...registry.all()][0]?.stream;
}

test("an intent that is written at the very end of the one before is carried out as well", async () => {
  let intents = 0;
  const rooms = await openRooms(undefined, (revision, registry) => {
    // As soon as the stream is ACTIVE the next one comes: the job of the former has not yet ended.
    if (revision.stream.status !== "ACTIVE" || intents === 5) return;
    intents += 1;
    void registry.replace(revision, settling(revision.stream, `settle ${intents}`));
  });
  await rooms.registry.create(creating(2));
  await nextTurn();
  assert.equal(intents, 5);
  assert.equal(newest(rooms)?.status, "ACTIVE");
  assert.deepEqual(rooms.statuses.slice(-2), ["UPDATING", "ACTIVE"]);
  await close(rooms);
});

test("an intent waits for its time, and a more urgent one takes its place", async () => {
  const rooms = await openRooms();
  const revision = await rooms.registry.create(creating(2, rooms.clock.nowMs() + 60_000));
  await rooms.clock.advance(59_999);
  assert.equal(newest(rooms)?.status, "CREATING");
  await rooms.registry.replace(revision, deleting(revision.stream, rooms.clock.nowMs() + 10));
  await rooms.clock.advance(9);
  assert.equal(newest(rooms)?.status, "DELETING");
  await rooms.clock.advance(1);
  await nextTurn();
  assert.equal(newest(rooms), undefined);
  assert.equal(rooms.engine.log.shardCount, 0);
  assert.equal(rooms.clock.pendingDelayCount, 0, "no delay is left for work that will not be done");
  await close(rooms);
});

test("a change of something else meanwhile does not put an intent off", async () => {
  const rooms = await openRooms();
  const revision = await rooms.registry.create(creating(1, rooms.clock.nowMs() + 1_000));
  await rooms.clock.advance(600);
  await rooms.registry.replace(revision, { ...revision.stream, tags: { some: "tag" } });
  await rooms.clock.advance(400);
  await nextTurn();
  assert.deepEqual([newest(rooms)?.status, newest(rooms)?.tags], ["ACTIVE", { some: "tag" }]);
  await close(rooms);
});

test("a clock that is set back while an intent or a consumer waits holds neither up", async () => {
  const consumerOf = (dueMs: number): StreamConsumer => {
    return { name: "reader", createdMs: dueMs, status: "CREATING", dueMs, tags: {} };
  };
  for (const streamDue of [
    (dueMs: number): Stream => creating(1, dueMs),
    (dueMs: number): Stream => ({ ...streamOf(1), consumers: [consumerOf(dueMs)] }),
  ]) {
    const rooms = await openRooms();
    await rooms.registry.create(streamDue(rooms.clock.nowMs() + 1_000));
    await rooms.clock.advance(500);
    rooms.clock.set(rooms.clock.nowMs() - 3_600_000);
    await rooms.clock.advance(500);
    await nextTurn();
    const stream = newest(rooms);
    assert.deepEqual([stream?.status, stream?.consumers?.[0]?.status ?? "ACTIVE"], ["ACTIVE", "ACTIVE"]);
    assert.equal(rooms.statuses.length, 2, "one change, not one after the other");
    await close(rooms);
  }
});

test("a step that fails is tried again after a pause and told of, until it goes through", async () => {
  let failures = 2;
  const told: unknown[] = [];
  const unsubscribe = backgroundTaskFailed.subscribe((message) => told.push(message));
  const error = new EngineError("unavailable", "not now");
  const rooms = await openRooms((log) => ({
    createShard: async (...args) => {
      if (args[1] === 1 && failures-- > 0) throw error;
      return await log.createShard(...args);
    },
  }));
  await rooms.registry.create(creating(2));
  await nextTurn();
  assert.equal(newest(rooms)?.status, "CREATING");
  await rooms.clock.advance(2 * retryMs);
  await nextTurn();
  assert.equal(newest(rooms)?.status, "ACTIVE");
  assert.deepEqual(told, Array(2).fill({ streamName: "orders", intent: "create", error }));
  unsubscribe();
  await close(rooms);
});

test("logs whose freeing fails are freed later without a restart, and the name is free meanwhile", async () => {
  let failures = 3;
  const rooms = await openRooms((log) => ({
    dropStream: async (...args) => {
      if (failures-- > 0) throw new EngineError("unavailable", "not now");
      await log.dropStream(...args);
    },
  }));
  const revision = await rooms.registry.create(creating(3));
  await nextTurn();
  const active = rooms.registry.current(revision);
  assert(active !== undefined);
  await rooms.registry.replace(active, deleting(active.stream));
  await nextTurn();
  assert.equal(newest(rooms), undefined);
  await rooms.registry.create({ ...creating(1), id: "stream-2" });
  await nextTurn();
  assert.equal(newest(rooms)?.status, "ACTIVE");
  assert.equal(rooms.engine.log.shardCount, 4);
  assert.equal((await rooms.deletedStreams.pendingDrops()).length, 1);
  await rooms.clock.advance(3 * retryMs);
  await nextTurn();
  assert.equal(rooms.engine.log.shardCount, 1);
  assert.deepEqual(await rooms.deletedStreams.pendingDrops(), []);
  await close(rooms);
});

test("a conflict with another server's change is no failure: the newer document is looked at", async () => {
  const rooms = await openRooms((log) => ({
    // Another server changes a tag while this one is at work.
    setRetention: async (...args) => {
      await log.setRetention(...args);
      const revision = [...rooms.registry.all()][0];
      if (revision === undefined || revision.stream.tags["some"] !== undefined) return;
      await rooms.registry.replace(revision, { ...revision.stream, tags: { some: "tag" } });
    },
  }));
  await rooms.registry.create(creating(1));
  await nextTurn();
  assert.deepEqual([newest(rooms)?.status, newest(rooms)?.tags], ["ACTIVE", { some: "tag" }]);
  await close(rooms);
});

test("close() leaves what waits and what fails in its document, and ends at once", async () => {
  const rooms = await openRooms(() => ({
    createShard: async () => {
      throw new EngineError("unavailable", "never");
    },
  }));
  await rooms.registry.create(creating(1));
  await rooms.registry.create({ ...creating(1, rooms.clock.nowMs() + 1_000), name: "later", id: "stream-2" });
  await nextTurn();
  await rooms.upkeep.close();
  assert.equal(rooms.clock.pendingDelayCount, 0);
  const intents = [...rooms.registry.all()].map(({ stream }) => stream.intent?.kind);
  assert.deepEqual(intents, ["create", "create"]);
  await close(rooms);
});
