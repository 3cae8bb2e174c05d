import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { EmbeddedEngine } from "../../../../../src/engine/embedded/embedded-engine.ts";
import type { DiskFile, OpenMode } from "../../../../../src/engine/embedded/io/disk.ts";
import type { ReadLimit, ShardRef } from "../../../../../src/engine/shard-log.ts";
import { eagerCompaction, makeShard, openSmallEngine, store } from "../../../../support/embedded-engine.ts";
import { SimulatedClock } from "../../../../support/simulated-clock.ts";
import { SimulatedDisk } from "../../../../support/simulated-disk.ts";

const hourMs = 3_600_000;
const entryBytes = 5_000;
const limit = { entriesMax: 1_000, bytesMax: 16 * 1024 * 1024, recordsMax: 20 };
const arenaBytesMin = 1024 * 1024;
/** Each file of the log becomes a segment of some fifty entries, which stay as they are. */
const large = {
  compaction: { ...eagerCompaction, smallSegmentBytesMax: 0 },
  walFileBytes: 400_000,
  groupBytesMax: 100_000,
};

/** Sees what is read from segments for pages, and can fail it or keep it waiting. */
class WatchedDisk extends SimulatedDisk {
  reads = 0;
  arenas = 0;
  readsFail = false;
  #held: { readonly from: number; readonly wait: Promise<void> } | undefined;

  override allocate(byteCount: number): Buffer {
    if (byteCount > arenaBytesMin) this.arenas += 1;
    return super.allocate(byteCount);
  }

  override async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const file = await super.open(path, mode);
    if (!path.endsWith(".segment") || mode !== "direct") return file;
    const read = file.read.bind(file);
    file.read = async (into, at) => {
      this.reads += 1;
      const held = this.#held;
      if (held !== undefined && this.reads > held.from) await held.wait;
      if (this.readsFail) throw Object.assign(new Error("EIO"), { code: "EIO" });
      return read(into, at);
    };
    return file;
  }

  /** After so many more, reads wait until the returned function is called. */
  holdAfter(readCount: number): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = { from: this.reads + readCount, wait: promise };
    return () => {
      this.#held = undefined;
      resolve();
    };
  }

  get segments(): readonly string[] {
    return this.paths().filter((path) => path.endsWith(".segment"));
  }
}

function textOf(index: number): string {
  return `${index} `.padEnd(entryBytes, "x");
}

async function fill(engine: EmbeddedEngine, shard: ShardRef, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index++) await store(engine, shard, textOf(index));
  await engine.settled();
}

async function filledEngine(disk: SimulatedDisk, options = {}) {
  const engine = await openSmallEngine(disk, { ...large, ...options });
  const shard = await makeShard(engine);
  await fill(engine, shard, 0, 200);
  return { engine, shard };
}

/** Reads a page, looks at it, and is done with it. What is read ahead is there by then, unless the disk is held. */
async function readPage(engine: EmbeddedEngine, shard: ShardRef, from: number, limits: ReadLimit = limit) {
  const texts = await textsFrom(engine, shard, from, limits);
  await turns(10);
  return texts;
}

async function textsFrom(engine: EmbeddedEngine, shard: ShardRef, from: number, limits: ReadLimit = limit) {
  const { entries, lease } = await engine.log.read(shard, BigInt(from), limits);
  const texts = entries.map(({ body }) => Buffer.from(body).toString());
  lease?.[Symbol.dispose]();
  return texts;
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await nextTurn();
}

function page(from: number): readonly string[] {
  return Array.from({ length: limit.recordsMax }, (_, index) => textOf(from - 1 + index));
}

test("the next page of a drain is in memory when it is asked for", async () => {
  const disk = new WatchedDisk();
  const { engine, shard } = await filledEngine(disk);
  const few = { ...limit, recordsMax: 10 };
  assert.deepEqual(await readPage(engine, shard, 1, few), page(1).slice(0, 10));
  for (const from of [11, 21, 31]) {
    const reading = textsFrom(engine, shard, from, few);
    // Only the page behind it may be read, and that waits.
    const open = disk.holdAfter(0);
    assert.deepEqual(await Promise.race([reading, turns(100)]), page(from).slice(0, 10));
    open();
    await turns(10);
  }
  assert(disk.reads <= 5, `${disk.reads} reads`);
  await engine.close();
});

test("a page that is asked for while it is being read ahead waits for that, and reads nothing twice", async () => {
  const disk = new WatchedDisk();
  const { engine, shard } = await filledEngine(disk);
  const open = disk.holdAfter(1);
  assert.deepEqual(await readPage(engine, shard, 1), page(1));
  assert.equal(disk.reads, 2);
  const reading = textsFrom(engine, shard, 21, { ...limit, entriesMax: 19 });
  await turns(10);
  assert.equal(disk.reads, 2);
  open();
  assert.deepEqual(await reading, page(21).slice(0, 19));
  assert.equal(disk.reads, 2);
  await engine.close();
});

test("only a drain is read ahead, and only for who asks for exactly that page", async () => {
  const disk = new WatchedDisk();
  const { engine, shard } = await filledEngine(disk);
  await readPage(engine, shard, 50);
  assert.equal(disk.reads, 1, "whether the reader continues is unknown");
  await readPage(engine, shard, 1);
  const { reads } = disk;
  disk.readsFail = true;
  await assert.rejects(readPage(engine, shard, 22), { kind: "unavailable" });
  await assert.rejects(readPage(engine, shard, 20), { kind: "unavailable" });
  assert.equal(disk.reads, reads + 2);
  assert.deepEqual(await readPage(engine, shard, 21), page(21));
  // Taken once, and gone.
  await assert.rejects(readPage(engine, shard, 21), { kind: "unavailable" });
  disk.readsFail = false;
  const few = { ...limit, recordsMax: 10 };
  await readPage(engine, shard, 30, few);
  await readPage(engine, shard, 40, few);
  disk.readsFail = true;
  assert.deepEqual(await readPage(engine, shard, 50, few), page(50).slice(0, 10), "this one did go on");
  disk.readsFail = false;
  await engine.close();
});

test("a page that ends inside an entry is continued inside it from memory", async () => {
  const disk = new WatchedDisk();
  const engine = await openSmallEngine(disk, large);
  const shard = await makeShard(engine);
  for (let index = 0; index < 200; index++) {
    await engine.log.append([{ shard, entry: { count: 7, timeMs: 0, body: Buffer.from(textOf(index)) } }]);
  }
  await engine.settled();
  assert.deepEqual(await readPage(engine, shard, 1), [0, 1, 2].map(textOf));
  disk.readsFail = true;
  assert.deepEqual(await readPage(engine, shard, 21), [2, 3, 4, 5].map(textOf));
  disk.readsFail = false;
  await engine.close();
});

test("a read ahead that fails is no error: the page is read again when it is asked for", async () => {
  const disk = new WatchedDisk();
  const { engine, shard } = await filledEngine(disk);
  const open = disk.holdAfter(1);
  assert.deepEqual(await readPage(engine, shard, 1), page(1));
  disk.readsFail = true;
  open();
  await turns(10);
  await assert.rejects(readPage(engine, shard, 21), { kind: "unavailable" });
  disk.readsFail = false;
  assert.deepEqual(await readPage(engine, shard, 21), page(21));
  await engine.close();
});

test("few pages are held ready, the newest, and their memory comes back however they end", async () => {
  const disk = new WatchedDisk();
  const engine = await openSmallEngine(disk, large);
  const shards = await Promise.all(Array.from({ length: 9 }, (_, index) => makeShard(engine, `s${index}`)));
  for (let index = 0; index < 130; index++) {
    await Promise.all(shards.map((shard) => store(engine, shard, textOf(index))));
  }
  await engine.settled();
  const inMemory: number[] = [];
  for (const shard of shards) await readPage(engine, shard, 1);
  disk.readsFail = true;
  for (const [index, shard] of shards.entries()) {
    const texts = await readPage(engine, shard, 21).catch(() => undefined);
    if (texts !== undefined) inMemory.push(index);
    assert.deepEqual(texts ?? page(21), page(21));
  }
  disk.readsFail = false;
  assert.deepEqual(inMemory, [5, 6, 7, 8]);
  const { arenas } = disk;
  for (let round = 0; round < 12; round++) {
    for (const shard of shards) {
      assert.deepEqual(await readPage(engine, shard, 1), page(1));
      if (round % 3 === 0) assert.deepEqual(await readPage(engine, shard, 21), page(21));
    }
  }
  // Two pages at once have no memory in common.
  const pages = await Promise.all([...shards, ...shards].map((shard) => engine.log.read(shard, 21n, limit)));
  for (const { entries } of pages) {
    assert.deepEqual(
      entries.map(({ body }) => Buffer.from(body).toString()),
      page(21),
    );
  }
  for (const { lease } of pages) lease?.[Symbol.dispose]();
  assert(disk.arenas - arenas <= 4, `${disk.arenas - arenas} arenas`);
  await engine.close();
});

test("many drains in turn, more than can be held ready, do not read everything twice", async () => {
  const disk = new WatchedDisk();
  const engine = await openSmallEngine(disk, { ...large, diskBudgetBytes: 256 * 1024 * 1024 });
  const shards = await Promise.all(Array.from({ length: 24 }, (_, index) => makeShard(engine, `s${index}`)));
  for (let index = 0; index < 150; index++) {
    await Promise.all(shards.map((shard) => store(engine, shard, textOf(index))));
  }
  await engine.settled();
  const small = { ...limit, recordsMax: 5 };
  const starts = Array.from({ length: 20 }, (_, index) => 1 + 5 * index);
  const readsFrom = async (positions: readonly number[]): Promise<number> => {
    const before = disk.reads;
    for (const from of positions) for (const shard of shards) await readPage(engine, shard, from, small);
    return disk.reads - before;
  };
  // Backwards nothing is read ahead.
  const least = await readsFrom(starts.toReversed());
  const reads = await readsFrom(starts);
  assert(reads > least && reads < 1.5 * least, `${reads} reads in place of ${least}`);
  await engine.close();
});

test("retention that passes by between two pages leaves nothing of what was read ahead", async () => {
  const clock = new SimulatedClock();
  const disk = new WatchedDisk();
  const compaction = { ...large.compaction, ownSegmentBytes: 10_000 };
  const { engine, shard } = await filledEngine(disk, {
    clock,
    compaction,
    walFileBytes: 48 * 1024,
    groupBytesMax: 16 * 1024,
  });
  await engine.log.setRetention("s", [shard], hourMs);
  assert.deepEqual(await readPage(engine, shard, 1), page(1));
  clock.set(clock.nowMs() + 2 * hourMs);
  await fill(engine, shard, 200, 240);
  const oldest = Number(await engine.log.seek(shard, { at: "oldest" }));
  assert(oldest > 41, `${oldest}`);
  const { entries } = await engine.log.read(shard, 21n, limit);
  assert.equal(entries[0]?.position, BigInt(oldest));
  await engine.log.dropShard(shard);
  await assert.rejects(readPage(engine, shard, 21), { kind: "not_found" });
  await engine.close();
});

test("a page read ahead outlives its segments, which are kept only while it is read", async () => {
  const disk = new WatchedDisk();
  const compaction = { ...eagerCompaction, mergedSegmentBytesMax: 4_000_000 };
  const engine = await openSmallEngine(disk, { compaction, walFileBytes: 48 * 1024 });
  const shard = await makeShard(engine);
  const few = { ...limit, recordsMax: 4 };
  await fill(engine, shard, 0, 10);
  const before = disk.segments;
  const open = disk.holdAfter(1);
  assert.deepEqual(await readPage(engine, shard, 1, few), page(1).slice(0, 4));
  assert.equal(disk.reads, 2, "one page, and one ahead");
  let isSettled = false;
  const filling = fill(engine, shard, 10, 120).then(() => {
    isSettled = true;
  });
  await turns(2_000);
  assert(!isSettled, "a merged segment is still read");
  open();
  await filling;
  assert(!before.some((path) => disk.segments.includes(path)), "all are gone");
  disk.readsFail = true;
  assert.deepEqual(await readPage(engine, shard, 5, few), page(5).slice(0, 4));
  disk.readsFail = false;
  await engine.close();
});

test("close() waits for reads ahead, and begins no more", async () => {
  const disk = new WatchedDisk();
  const { engine, shard } = await filledEngine(disk);
  const open = disk.holdAfter(1);
  await readPage(engine, shard, 1);
  let isClosed = false;
  const closing = engine.close().then(() => {
    isClosed = true;
  });
  await turns(500);
  assert(!isClosed);
  open();
  await closing;
  const { reads } = disk;
  assert.equal(reads, 2);
  const again = await openSmallEngine(disk, large);
  assert.deepEqual(await readPage(again, await makeShard(again), 21), page(21));
  await again.close();
});

test("a damaged page that was read ahead is read again, and rejects only if it is still damaged", async () => {
  const disk = new WatchedDisk();
  const { engine, shard } = await filledEngine(disk);
  const path = disk.segments.find((one) => disk.bytesOf(one).includes(textOf(20))) ?? assert.fail("it is in a segment");
  const at = disk.bytesOf(path).indexOf(textOf(20)) + 1_000;
  disk.flip(path, at, 0x40);
  assert.deepEqual(await readPage(engine, shard, 1), page(1));
  await assert.rejects(readPage(engine, shard, 21), { kind: "corrupt" });
  assert.deepEqual(await readPage(engine, shard, 1), page(1));
  disk.heal();
  assert.deepEqual(await readPage(engine, shard, 21), page(21));
  await engine.close();
});
