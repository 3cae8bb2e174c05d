import assert from "node:assert/strict";
import { test } from "node:test";
import type { EmbeddedEngine } from "../../../../../src/engine/embedded/embedded-engine.ts";
import type { DiskFile, OpenMode } from "../../../../../src/engine/embedded/io/disk.ts";
import type { ShardRef } from "../../../../../src/engine/shard-log.ts";
import { eagerCompaction, makeShard, openSmallEngine, store } from "../../../../support/embedded-engine.ts";
import { SimulatedClock } from "../../../../support/simulated-clock.ts";
import { SimulatedDisk } from "../../../../support/simulated-disk.ts";

const entryBytes = 5_000;
const everything = { entriesMax: 1_000, bytesMax: 16 * 1024 * 1024 };

/** Counts what is read from segments. */
class WatchedDisk extends SimulatedDisk {
  readCount = 0;
  bytesRead = 0;

  override async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const file = await super.open(path, mode);
    if (!path.endsWith(".segment") || mode === "create") return file;
    const read = file.read.bind(file);
    file.read = (into, at) => {
      this.readCount += 1;
      this.bytesRead += into.byteLength;
      return read(into, at);
    };
    return file;
  }

  async during(run: () => Promise<unknown>): Promise<{ readonly reads: number; readonly bytes: number }> {
    const [reads, bytes] = [this.readCount, this.bytesRead];
    await run();
    return { reads: this.readCount - reads, bytes: this.bytesRead - bytes };
  }
}

/** Two hundred entries of one shard in segments of one extent each, and only the newest few in the log. */
async function filledEngine(disk: SimulatedDisk, clock = new SimulatedClock()) {
  const compaction = { ...eagerCompaction, smallSegmentBytesMax: 0 };
  const engine = await openSmallEngine(disk, { clock, compaction, walFileBytes: 400_000, groupBytesMax: 100_000 });
  const shard = await makeShard(engine);
  for (let index = 0; index < 200; index++) {
    await store(engine, shard, textOf(index));
    clock.set(clock.nowMs() + 1_000);
  }
  await engine.settled();
  return { engine, shard };
}

function textOf(index: number): string {
  return `${index} `.padEnd(entryBytes, "x");
}

async function firstTextFrom(engine: EmbeddedEngine, shard: ShardRef, from: bigint): Promise<string | undefined> {
  const { entries } = await engine.log.read(shard, from, { ...everything, recordsMax: 1 });
  return entries.length === 1 ? Buffer.from(entries[0]?.body ?? "").toString() : undefined;
}

test("the beginning of what is kept is found by time without reading anything", async () => {
  const disk = new WatchedDisk();
  const clock = new SimulatedClock();
  const startMs = clock.nowMs();
  const { engine, shard } = await filledEngine(disk, clock);
  const { reads } = await disk.during(async () => {
    assert.equal(await engine.log.seek(shard, { at: "time", timeMs: startMs - 1 }), 1n);
    assert.equal(await engine.log.seek(shard, { at: "time", timeMs: startMs }), 1n);
  });
  assert.equal(reads, 0);
});

test("a time inside a segment is found with one look at its index and one at what lies there", async () => {
  const disk = new WatchedDisk();
  const clock = new SimulatedClock();
  const startMs = clock.nowMs();
  const { engine, shard } = await filledEngine(disk, clock);
  const { reads, bytes } = await disk.during(async () => {
    assert.equal(await engine.log.seek(shard, { at: "time", timeMs: startMs + 50_500 }), 52n);
  });
  assert(reads <= 2, `${reads} reads`);
  assert(bytes < 140_000, `${bytes} bytes`);
});

test("a page of few records reads about as much of a segment as it returns", async () => {
  const disk = new WatchedDisk();
  const { engine, shard } = await filledEngine(disk);
  const { bytes } = await disk.during(async () => {
    assert.equal(await firstTextFrom(engine, shard, 31n), textOf(30));
  });
  assert(bytes < 80_000, `${bytes} bytes`);
  const drained = await disk.during(async () => {
    for (let next = 1n; next <= 200n; )
      ({ next } = await engine.log.read(shard, next, { ...everything, recordsMax: 40 }));
  });
  assert(drained.bytes < 2 * 200 * entryBytes, `${drained.bytes} bytes`);
});

test("short extents of many segments are read with one read each, whatever a page needs of them", async () => {
  const disk = new WatchedDisk();
  const engine = await openSmallEngine(disk, {
    compaction: { ...eagerCompaction, smallSegmentBytesMax: 0 },
    walFileBytes: 400_000,
    groupBytesMax: 100_000,
  });
  // Four shards: each has some 100 KB of each file, more than one point stands for.
  const shards = await Promise.all([0, 1, 2, 3].map((index) => makeShard(engine, "s", index)));
  for (let index = 0; index < 100; index++) {
    await Promise.all(shards.map((shard) => store(engine, shard, textOf(index))));
  }
  await engine.settled();
  const { figures } = await engine.health();
  const segments = figures["segment_files"] ?? 0;
  assert(segments >= 4, `${segments} segments`);
  const shard = shards[1] as ShardRef;
  const { reads } = await disk.during(async () => {
    const { entries } = await engine.log.read(shard, 1n, { ...everything, recordsMax: 70 });
    assert.equal(entries.length, 70);
  });
  assert(reads <= segments, `${reads} reads of ${segments} segments`);
});

test("a damaged extent far behind what a page holds does not trouble the page", async () => {
  const disk = new SimulatedDisk();
  const { engine, shard } = await filledEngine(disk);
  const [first, second] = disk.paths().filter((path) => path.endsWith(".segment"));
  assert(first !== undefined && second !== undefined);
  const { entries } = await engine.log.read(shard, 1n, everything);
  disk.fault = ({ kind, path }) => (kind === "read" && path === second ? "EIO" : undefined);
  assert.equal(await firstTextFrom(engine, shard, 1n), textOf(0));
  await assert.rejects(engine.log.read(shard, 1n, everything), { kind: "unavailable" });
  disk.fault = () => undefined;
  assert.deepEqual((await engine.log.read(shard, 1n, everything)).entries, entries);
});

test("a read that fails gives its memory back, so that later pages have memory of the pool", async () => {
  const disk = new SimulatedDisk();
  const { engine, shard } = await filledEngine(disk);
  const second = disk.paths().filter((path) => path.endsWith(".segment"))[1];
  disk.fault = ({ kind, path }) => (kind === "read" && path === second ? "EIO" : undefined);
  for (let round = 0; round < 50; round++) {
    await assert.rejects(engine.log.read(shard, 1n, everything), { kind: "unavailable" });
  }
  disk.fault = () => undefined;
  const { entries, lease } = await engine.log.read(shard, 1n, everything);
  assert(entries.length > 0 && lease !== undefined);
});

test("a page larger than one read is read in ranges that join without a gap", async () => {
  const engine = await openSmallEngine(new SimulatedDisk(), {
    compaction: { ...eagerCompaction, smallSegmentBytesMax: 0 },
    walFileBytes: 5_000_000,
    groupBytesMax: 1_500_000,
    queueBytesMax: 4_000_000,
    tailWindowBytes: 100_000,
  });
  const shard = await makeShard(engine);
  // One entry in twenty is larger than what a point stands for, and one larger than what a read takes.
  const sizeOf = (index: number): number => (index === 33 ? 1_200_000 : index % 20 === 7 ? 150_000 : 40_000);
  const texts = Array.from({ length: 120 }, (_, index) => `${index} `.padEnd(sizeOf(index), "x"));
  for (const text of texts) await store(engine, shard, text);
  await engine.settled();
  for (const from of [1, 34, 90]) {
    const { entries } = await engine.log.read(shard, BigInt(from), everything);
    const expected = texts.slice(from - 1);
    assert.equal(entries.length, expected.length);
    assert(entries.every(({ body }, index) => Buffer.from(body).equals(Buffer.from(expected[index] ?? ""))));
  }
});

test("segments are read past the cache of the system where the disk can, and their points through it", async () => {
  for (const direct of [true, false]) {
    const modes = new Set<OpenMode>();
    const disk = new (class extends SimulatedDisk {
      override open(path: string, mode: OpenMode): Promise<DiskFile> {
        if (path.endsWith(".segment")) modes.add(mode);
        return super.open(path, mode);
      }
    })({ direct });
    const { engine, shard } = await filledEngine(disk);
    modes.clear();
    for (let next = 1n; next <= 200n; ) {
      const page = await engine.log.read(shard, next, { ...everything, recordsMax: 7 });
      for (const { position, body } of page.entries) {
        assert.equal(Buffer.from(body).toString(), textOf(Number(position) - 1));
      }
      next = page.next;
      page.lease?.[Symbol.dispose]();
    }
    // Points are small, and looked at again and again: the system may keep them.
    assert.deepEqual([...modes].sort(), direct ? ["direct", "read"] : ["read"]);
    await engine.close();
  }
});

test("pages that are never released leave later ones readable, out of memory of their own", async () => {
  const { engine, shard } = await filledEngine(new SimulatedDisk());
  for (let round = 0; round < 40; round++) {
    const { entries } = await engine.log.read(shard, 1n, { ...everything, bytesMax: 700_000 });
    assert(entries.every(({ body }, index) => Buffer.from(body).toString() === textOf(index)));
  }
  await engine.close();
});
