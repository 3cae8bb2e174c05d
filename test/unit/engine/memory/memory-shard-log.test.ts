import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EngineError } from "../../../../src/engine/engine-error.ts";
import { MemoryShardLog, memoryShardCountMax } from "../../../../src/engine/memory/memory-shard-log.ts";
import type { Append, ShardRef } from "../../../../src/engine/shard-log.ts";
import { SimulatedClock } from "../../../support/simulated-clock.ts";

const kib = 1024;
const hint = { openShardCount: 1 };
const everything = { entriesMax: 1_000_000, bytesMax: Number.MAX_SAFE_INTEGER };

interface Fixture {
  readonly log: MemoryShardLog;
  readonly clock: SimulatedClock;
  readonly shard: (index?: number, streamId?: string) => Promise<ShardRef>;
  readonly put: (shard: ShardRef, bytes: number) => Promise<string>;
}

function createLogger(memoryBudgetBytes: number): Fixture {
  const clock = new SimulatedClock();
  const log = new MemoryShardLog({ clock, memoryBudgetBytes, entryBytesMax: 256 * kib });
  log.open();
  return {
    log,
    clock,
    shard: (index = 0, streamId = "stream") => log.createShard(streamId, index, hint),
    put: (shard, bytes) => outcomeOf(log, [sized(clock, shard, bytes)]),
  };
}

function sized(clock: SimulatedClock, shard: ShardRef, bytes: number): Append {
  return { shard, entry: { count: 1, timeMs: clock.nowMs(), body: new Uint8Array(bytes) } };
}

/** The outcomes in one word each, or the kind of the error. */
async function outcomeOf(log: MemoryShardLog, appends: readonly Append[]): Promise<string> {
  try {
    return (await log.append(appends)).map(({ kind }) => kind).join(" ");
  } catch (error) {
    assert(error instanceof EngineError);
    return error.kind;
  }
}

async function entryCount(log: MemoryShardLog, shard: ShardRef): Promise<number> {
  return (await log.read(shard, 1n, everything)).entries.length;
}

test("append() throttles when the budget is full and stores nothing of that call", async () => {
  const { log, clock, shard, put } = createLogger(100 * kib);
  const [a, b] = [await shard(0), await shard(1)];
  assert.equal(await put(a, 60 * kib), "stored");
  assert.equal(await outcomeOf(log, [sized(clock, b, 10 * kib), sized(clock, a, 60 * kib)]), "throttled");
  assert.equal(await entryCount(log, b), 0);
  assert.equal(await outcomeOf(log, [sized(clock, b, 10 * kib), sized(clock, a, 10 * kib)]), "stored stored");
  await assert.rejects(log.append([sized(clock, a, 60 * kib)]), /memory budget of 102400 bytes is used up/);
});

test("entries for a sealed shard do not count against the budget", async () => {
  const { log, clock, shard } = createLogger(100 * kib);
  const [a, b] = [await shard(0), await shard(1)];
  await log.seal(a, "split");
  assert.equal(await outcomeOf(log, [sized(clock, a, 90 * kib), sized(clock, b, 90 * kib)]), "fenced stored");
});

test("append() uses the free end of a chunk when the budget is used up", async () => {
  const { log, shard, put } = createLogger(12 * kib);
  const [a, b] = [await shard(0), await shard(1)];
  assert.equal(await put(a, 100), "stored");
  assert.equal(await put(b, 8_000), "stored");
  assert.equal(await put(b, 1_000), "throttled");
  assert.equal(await put(a, 1_000), "stored");
  assert(log.usedBytes <= 12 * kib);
});

test("append() frees what retention has released, also of shards that are idle", async () => {
  const { log, clock, shard, put } = createLogger(200 * kib);
  const [idle, busy] = [await shard(0, "idle"), await shard(0, "busy")];
  await log.setRetention("idle", [idle], 1_000);
  await log.setRetention("busy", [busy], 1_000_000);
  assert.equal(await put(idle, 90 * kib), "stored");
  assert.equal(await put(busy, 90 * kib), "stored");
  assert.equal(await put(busy, 80 * kib), "throttled");
  await clock.advance(1_000);
  assert.equal(await put(busy, 80 * kib), "throttled", "an entry is kept to the end of its retention");
  await clock.advance(1);
  assert.equal(await put(busy, 80 * kib), "stored");
  assert.equal(await entryCount(log, idle), 0);
  assert.equal(await entryCount(log, busy), 2);
});

test("append() frees a shard's own expired chunks before they are missed", async () => {
  const { log, clock, shard, put } = createLogger(10_000 * kib);
  const a = await shard();
  await log.setRetention("stream", [a], 1_000);
  await put(a, 200 * kib);
  await clock.advance(2_000);
  await put(a, 10);
  assert(log.usedBytes < 10 * kib);
});

test("a shard that opens later shares its stream's retention", async () => {
  const { log, clock, shard, put } = createLogger(100 * kib);
  await log.setRetention("stream", [await shard(0)], 1_000);
  const child = await shard(1);
  await put(child, 90 * kib);
  await clock.advance(1_001);
  assert.equal(await put(child, 90 * kib), "stored");
});

test("without retention nothing is ever freed, and a longer one protects at once", async () => {
  const { log, clock, shard, put } = createLogger(100 * kib);
  const a = await shard();
  await put(a, 90 * kib);
  await clock.advance(1e12);
  assert.equal(await put(a, 90 * kib), "throttled");
  await log.setRetention("stream", [a], 1_000);
  await log.setRetention("stream", [a], 1e13);
  assert.equal(await put(a, 90 * kib), "throttled");
  await log.setRetention("stream", [a], 1_000);
  assert.equal(await put(a, 90 * kib), "stored");
});

test("dropShard() and dropStream() give the memory back", async () => {
  const { log, shard, put } = createLogger(100 * kib);
  const [a, b] = [await shard(0), await shard(1)];
  await put(a, 40 * kib);
  await put(b, 40 * kib);
  await log.dropShard(a);
  assert.equal(await put(b, 40 * kib), "stored");
  await log.dropStream("stream", [a, b]);
  assert.equal(log.usedBytes, 0);
  assert.equal(log.shardCount, 0);
});

test("reads behind a trimmed start begin with the oldest entry left", async () => {
  const { log, clock, shard, put } = createLogger(10_000 * kib);
  const a = await shard();
  await log.setRetention("stream", [a], 1_000);
  for (let index = 0; index < 3; index++) {
    await put(a, 100 * kib);
    await clock.advance(600);
  }
  await put(a, 100 * kib);
  const { entries, next, tip } = await log.read(a, 1n, everything);
  assert.deepEqual(
    entries.map(({ position }) => position),
    [3n, 4n],
  );
  assert.deepEqual([next, tip], [5n, 5n]);
  assert.equal(await log.seek(a, { at: "oldest" }), 3n);
  assert.equal(await log.seek(a, { at: "time", timeMs: 0 }), 3n);
  const { signal } = new AbortController();
  const follower = log.follow(a, 1n, { signal, bufferedBytesMax: 1 });
  assert.equal((await follower.next()).value?.[0]?.position, 3n);
});

test("a shard whose entries have all expired keeps its place and its time", async () => {
  const { log, clock, shard, put } = createLogger(100 * kib);
  const a = await shard();
  await log.setRetention("stream", [a], 1_000);
  await put(a, 90 * kib);
  const storedMs = clock.nowMs();
  await clock.advance(1_001);
  assert.equal(await put(await shard(1), 90 * kib), "stored");
  assert.deepEqual(await log.read(a, 1n, everything), { entries: [], next: 2n, tip: 2n });
  assert.equal(await log.seek(a, { at: "oldest" }), 2n);
  await log.dropShard(await shard(1));
  clock.set(storedMs - 5_000);
  await put(a, 10);
  const [entry] = (await log.read(a, 1n, everything)).entries;
  assert.equal(entry?.position, 2n);
  assert.equal(entry?.storedMs, storedMs);
});

test("an entry that was read stays whole after its chunk was freed", async () => {
  const { log, clock, shard } = createLogger(100 * kib);
  const a = await shard();
  await log.append([{ shard: a, entry: { count: 1, timeMs: 0, body: new Uint8Array(50 * kib).fill(7) } }]);
  const [entry] = (await log.read(a, 1n, everything)).entries;
  await log.dropShard(a);
  const b = await shard(1);
  for (let index = 0; index < 2; index++) {
    await log.append([
      { shard: b, entry: { count: 1, timeMs: clock.nowMs(), body: new Uint8Array(40 * kib).fill(9) } },
    ]);
  }
  assert(entry?.body.every((byte) => byte === 7));
});

test("storedMs is never before the time at which the server admitted the request", async () => {
  const { log, clock, shard } = createLogger(100 * kib);
  const a = await shard();
  const timeMs = clock.nowMs() + 250;
  await log.append([{ shard: a, entry: { count: 1, timeMs, body: new Uint8Array(1) } }]);
  assert.equal((await log.read(a, 1n, everything)).entries[0]?.storedMs, timeMs);
});

test("an entry of no records or of more than 4096 is our own fault", async () => {
  const { log, shard } = createLogger(100 * kib);
  const a = await shard();
  for (const count of [0, 4097]) {
    const append = log.append([{ shard: a, entry: { count, timeMs: 0, body: new Uint8Array(1) } }]);
    await assert.rejects(append, assert.AssertionError);
  }
});

test("createShard() throttles at the limit of shards until one is dropped", async () => {
  const { log, shard } = createLogger(100 * kib);
  for (let index = 0; index < memoryShardCountMax; index++) await shard(index);
  await assert.rejects(shard(memoryShardCountMax), { kind: "throttled" });
  await shard(0);
  await log.dropShard(await shard(5));
  await shard(memoryShardCountMax);
});

test("the budget holds whatever is appended, dropped and expires", async () => {
  const budgetBytes = 64 * kib;
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.array(fc.record({ shard: fc.nat({ max: 3 }), bytes: fc.nat({ max: 20_000 }) }), { maxLength: 6 }),
    },
    { weight: 2, arbitrary: fc.constant("advance" as const) },
    { weight: 1, arbitrary: fc.constant("drop" as const) },
  );
  const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    const { log, clock, shard } = createLogger(budgetBytes);
    const shards = await Promise.all([0, 1, 2, 3].map((index) => shard(index)));
    await log.setRetention("stream", shards, 1_000);
    for (const current of steps) {
      if (current === "advance") await clock.advance(400);
      else if (current === "drop") {
        await log.dropShard(await shard(0));
        await shard(0);
      } else {
        const tips = await tipsOf(log, shards);
        const appends = current.map(({ shard: index, bytes }) => sized(clock, shards[index] ?? assert.fail(), bytes));
        const outcome = await outcomeOf(log, appends);
        if (outcome === "throttled") assert.deepEqual(await tipsOf(log, shards), tips);
        else assert.equal(outcome, appends.map(() => "stored").join(" "));
      }
      assert(log.usedBytes >= 0 && log.usedBytes <= budgetBytes, `${log.usedBytes} bytes of ${budgetBytes}`);
    }
  });
  await fc.assert(property, { numRuns: 100 });
});

async function tipsOf(log: MemoryShardLog, shards: readonly ShardRef[]): Promise<readonly bigint[]> {
  return Promise.all(shards.map(async (shard) => (await log.read(shard, 1n, everything)).tip));
}
