import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { DestinationError } from "../../../src/channels/batch/destination.ts";
import type { ChannelTurns } from "../../../src/channels/channel.ts";
import { EngineError } from "../../../src/engine/engine-error.ts";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import { storeRecords } from "../../../src/shards/store-records.ts";
import { ChannelSession, type ChannelSettings, channelId, type SessionEngine } from "../../support/channel-session.ts";
import { makerInThisThread } from "../../support/content-maker-in-this-thread.ts";
import { incomingRecords } from "../../support/incoming-records-of.ts";
import { logWith } from "../../support/log-with.ts";
import { logWithGaps } from "../../support/log-with-gaps.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { SimulatedBucket } from "../../support/simulated-bucket.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";

const settings: ChannelSettings = { shardCount: 2, freshnessSeconds: 10, batchBytesMax: 2 ** 20 };

/** The engine as sessions see it. */
type EngineOf = (engine: SessionEngine) => SessionEngine;

const withGaps: EngineOf = ({ log, documents }) => ({ log: logWithGaps(log), documents, densePositions: false });

/** Sessions on one engine and one bucket. */
class World {
  readonly clock = new SimulatedClock();
  readonly engine = new MemoryEngine({ clock: this.clock, memoryBudgetBytes: 2 ** 27 });
  readonly bucket = new SimulatedBucket(new SeededRandom(1));
  readonly #t: TestContext;
  readonly #engineOf: EngineOf;
  #randomCount = 0;

  constructor(t: TestContext, engineOf: EngineOf) {
    this.#t = t;
    this.#engineOf = engineOf;
  }

  async session(changes: Partial<ChannelSettings> = {}, turns?: ChannelTurns): Promise<ChannelSession> {
    const newRandom = () => `r${String(this.#randomCount++).padStart(5, "0")}`;
    const parts = { store: this.bucket, newRandom, ...(turns === undefined ? {} : { turns }) };
    const session = await ChannelSession.open(
      this.#engineOf(this.engine),
      this.clock,
      { ...settings, ...changes },
      parts,
    );
    this.#t.after(() => session.close());
    return session;
  }

  /** Each has been put when it resolves. */
  async put({ shards, revision }: ChannelSession, ...texts: readonly string[]): Promise<void> {
    const records = incomingRecords(texts.map((data) => ({ data: JSON.stringify(data), key: data })));
    const { failures } = await storeRecords(shards, revision, records);
    assert.equal(failures, undefined);
  }

  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      await this.clock.advance(1_000);
      for (let turns = 20; turns > 0; turns -= 1) await nextTurn();
    }
  }

  /** What the objects hold, sorted. */
  get delivered(): readonly string[] {
    return [...this.bucket.objects.values()].flatMap((body) => body.toString().split("\n").slice(0, -1)).sort();
  }
}

async function openWorld(t: TestContext, engineOf: EngineOf = (engine) => engine): Promise<World> {
  const world = new World(t, engineOf);
  await world.engine.open();
  t.after(() => world.engine.close());
  return world;
}

function lines(...texts: readonly string[]): readonly string[] {
  return texts.map((text) => JSON.stringify(text)).sort();
}

test("records wait for the freshness of their channel, and are one object then", async (t) => {
  const world = await openWorld(t);
  const session = await world.session();
  await world.put(session, "a", "b");
  await world.pass(8);
  assert.deepEqual(world.delivered, []);
  assert.equal(session.channels.figures(channelId)?.freshnessSeconds, 8);
  await world.put(session, "c");
  await world.pass(3);
  assert.deepEqual(world.delivered, lines("a", "b", "c"));
  assert.equal(world.bucket.objects.size, 1);
  const figures = session.channels.figures(channelId);
  assert.deepEqual([figures?.batchCount, figures?.recordCount, figures?.freshnessSeconds], [1, 3, 0]);
});

test("a store that is away delays the records, says why, and loses none", async (t) => {
  const world = await openWorld(t);
  const session = await world.session();
  world.bucket.isGone = true;
  await world.put(session, "a");
  await world.pass(600);
  await world.put(session, "b");
  await world.pass(60);
  assert.match(session.channels.failure(channelId)?.sentence ?? "", /404 or no answer/);
  assert((session.channels.figures(channelId)?.failureCount ?? 0) > 10);
  world.bucket.isGone = false;
  await world.pass(60);
  assert.deepEqual(world.delivered, lines("a", "b"));
  assert.equal(session.channels.failure(channelId), undefined);
});

test("a batch that was stored without an answer is not stored again by the next start", async (t) => {
  const world = await openWorld(t);
  const first = await world.session();
  world.bucket.faults = { fails: 0, conflicts: 0, loses: 1, isSlow: 0 };
  await world.put(first, "a");
  await world.pass(12);
  await first.close();
  world.bucket.faults = { fails: 0, conflicts: 0, loses: 0, isSlow: 0 };
  const second = await world.session();
  await world.put(second, "b");
  await world.pass(30);
  assert.deepEqual(world.delivered, lines("a", "b"));
  assert(world.bucket.repeatedCount > 0);
});

for (const fails of [false, true]) {
  test(`the next batch is read while one is stored, which ${fails ? "fails" : "succeeds"}`, async (t) => {
    const reads: bigint[] = [];
    const world = await openWorld(t, ({ log, ...engine }) => {
      const read: typeof log.read = (shard, from, limit) => {
        reads.push(from);
        return log.read(shard, from, limit);
      };
      return { ...engine, log: logWith(log, { read }) };
    });
    const held = Promise.withResolvers<void>();
    const store = world.bucket.connect();
    world.bucket.connect = () => ({
      ...store,
      putNew: (...args) => held.promise.then(() => store.putNew(...args)),
    });
    const session = await world.session({ shardCount: 1 });
    await world.put(session, "a");
    await world.pass(12);
    await world.put(session, "b");
    await world.pass(12);
    assert(reads.includes(1n), "what is behind the first batch was read");
    const figures = session.channels.figures(channelId);
    assert.deepEqual([figures?.batchCount, figures?.freshnessSeconds], [0, 24], "nothing is delivered");
    if (fails) held.reject(new DestinationError("503"));
    else held.resolve();
    await world.pass(2);
    if (fails) {
      assert.equal(session.channels.failure(channelId)?.sentence, "503");
      assert.equal(session.channels.figures(channelId)?.freshnessSeconds, 26, "both wait again");
      world.bucket.connect = () => store;
      await session.close();
      await world.session();
      await world.pass(30);
    }
    assert.deepEqual(world.delivered, lines("a", "b"));
    assert.equal(world.bucket.objects.size, 2);
  });
}

test("two servers that deliver the same channel store each record once", async (t) => {
  const world = await openWorld(t);
  const one = await world.session({ freshnessSeconds: 1 });
  const other = await world.session({ freshnessSeconds: 1 });
  const texts = Array.from({ length: 40 }, (_, i) => `record ${i}`);
  for (const [i, text] of texts.entries()) {
    await world.put(i % 2 === 0 ? one : other, text);
    await world.pass(1);
  }
  await world.pass(120);
  await one.close();
  await other.close();
  // What only one of them has noticed is delivered by its next start.
  await world.session();
  await world.pass(60);
  assert.deepEqual(world.delivered, lines(...texts));
});

test("one of two servers delivers what both take, and the other one when that is gone", async (t) => {
  const world = await openWorld(t);
  let owner = "one";
  const turnsOf = (name: string): ChannelTurns => ({
    take: async () => owner === name,
    end: async () => {
      if (owner === name) owner = "other";
    },
  });
  const one = await world.session({}, turnsOf("one"));
  const other = await world.session({}, turnsOf("other"));
  await world.put(other, "a");
  await world.pass(20);
  assert.deepEqual(world.delivered, lines("a"));
  assert.equal(other.channels.figures(channelId)?.batchCount, 0);
  const freshness = [one, other].map(({ channels }) => channels.figures(channelId)?.freshnessSeconds);
  assert.deepEqual(freshness, [0, undefined], "only the server that delivers says that all is delivered");
  await one.close();
  await world.put(other, "b");
  await world.pass(20);
  assert.deepEqual(world.delivered, lines("a", "b"));
  assert.equal(other.channels.figures(channelId)?.freshnessSeconds, 0);
});

test("the records of a shard that is split, and of its children, are delivered", async (t) => {
  const world = await openWorld(t);
  const session = await world.session({ shardCount: 1 });
  await world.put(session, "a", "b", "c");
  await session.split(world.clock.nowMs());
  await world.put(session, "d", "e", "f");
  await world.pass(12);
  await session.close();
  const next = await world.session();
  await world.put(next, "g");
  await world.pass(12);
  assert.deepEqual(world.delivered, lines("a", "b", "c", "d", "e", "f", "g"));
});

test("the records of two shards that are merged, and of their child, are delivered", async (t) => {
  const world = await openWorld(t);
  const session = await world.session({ shardCount: 2 });
  const texts = Array.from({ length: 9 }, (_, i) => `record ${i}`);
  await world.put(session, ...texts.slice(0, 6));
  await session.merge(world.clock.nowMs());
  await world.put(session, ...texts.slice(6));
  await world.pass(12);
  await session.close();
  const next = await world.session();
  assert.equal(next.revision.stream.shards.filter(({ closed }) => closed === undefined).length, 1);
  await world.put(next, "last");
  await world.pass(12);
  assert.deepEqual(world.delivered, lines(...texts, "last"));
});

test("records that expire before the store comes back are counted, not delivered", async (t) => {
  const world = await openWorld(t);
  const session = await world.session();
  world.bucket.isGone = true;
  await world.put(session, "lost");
  await world.clock.advance(25 * 3_600_000);
  await world.pass(60);
  await world.put(session, "kept");
  world.bucket.isGone = false;
  await world.pass(60);
  assert.deepEqual(world.delivered, lines("kept"));
  assert.equal(session.channels.figures(channelId)?.expiredCount, 1);
});

test("a full batch leaves the other shards to the next one", async (t) => {
  const world = await openWorld(t);
  const session = await world.session({ batchBytesMax: 100 });
  const texts = Array.from({ length: 60 }, (_, i) => `record ${i}`);
  for (const text of texts) await world.put(session, text);
  await world.pass(30);
  assert.deepEqual(world.delivered, lines(...texts));
  assert.equal(world.bucket.objects.size, settings.shardCount);
  assert.equal(session.channels.figures(channelId)?.recordCount, texts.length);
});

test("gaps between positions are no expired records, and do not fill a batch before its time", async (t) => {
  const world = await openWorld(t, withGaps);
  const session = await world.session({ shardCount: 1 });
  for (const objectCount of [1, 2, 3]) {
    for (let i = 0; i < 40; i += 1) await world.put(session, `record ${i} of ${objectCount}`);
    await world.pass(8);
    assert.equal(world.bucket.objects.size, objectCount - 1, "the freshness of the channel is not over");
    await world.pass(3);
    assert.equal(world.bucket.objects.size, objectCount);
  }
  assert.equal(world.delivered.length, 120);
  assert.equal(session.channels.figures(channelId)?.expiredCount, 0);
});

test("records that expire are counted where positions have gaps, each once", async (t) => {
  const world = await openWorld(t, withGaps);
  const session = await world.session({ shardCount: 1 });
  world.bucket.isGone = true;
  await world.put(session, "lost");
  await world.put(session, "lost too");
  await world.clock.advance(25 * 3_600_000);
  await world.pass(60);
  await world.put(session, "kept");
  world.bucket.isGone = false;
  await world.pass(60);
  assert.deepEqual(world.delivered, lines("kept"));
  assert.equal(session.channels.figures(channelId)?.expiredCount, 2);
});

test("a failure is over when nothing waits any more, also if nothing had to be delivered", async (t) => {
  let isAway = true;
  const world = await openWorld(t, ({ log, documents, densePositions }) => {
    const away = new EngineError("unavailable", "the engine is away");
    return {
      documents,
      densePositions,
      log: logWith(log, { seek: (...args) => (isAway ? Promise.reject(away) : log.seek(...args)) }),
    };
  });
  const session = await world.session();
  await world.pass(10);
  assert.equal(session.channels.failure(channelId)?.sentence, "the engine is away");
  isAway = false;
  await world.pass(60);
  assert.equal(session.channels.failure(channelId), undefined);
});

test("a failure is no longer that of a server whose turn is over", async (t) => {
  const world = await openWorld(t);
  let hasTurn = true;
  const session = await world.session({}, { take: async () => hasTurn, end: async () => undefined });
  world.bucket.isGone = true;
  await world.put(session, "a");
  await world.pass(30);
  assert.match(session.channels.failure(channelId)?.sentence ?? "", /404 or no answer/);
  hasTurn = false;
  await world.pass(60);
  assert.equal(session.channels.failure(channelId), undefined);
});

test("batches that cannot be begun take no place from those that can", async (t) => {
  const world = await openWorld(t);
  const session = await world.session();
  const { mock } = t.mock.method(makerInThisThread, "begin", () => {
    throw new Error("no thread");
  });
  await world.put(session, "a");
  await world.pass(300);
  assert(mock.callCount() > 5);
  assert.equal(session.channels.failure(channelId)?.sentence, "no thread");
  mock.restore();
  await world.pass(60);
  assert.deepEqual(world.delivered, lines("a"));
});
