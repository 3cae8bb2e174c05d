import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type CompactionRunner,
  InlineCompactionRunner,
} from "../../../../../src/engine/embedded/compaction/compaction-job.ts";
import type { EmbeddedEngine } from "../../../../../src/engine/embedded/embedded-engine.ts";
import { decodeFormatFile } from "../../../../../src/engine/embedded/format/format-file.ts";
import { readWalHeader } from "../../../../../src/engine/embedded/format/wal-file.ts";
import { EngineError } from "../../../../../src/engine/engine-error.ts";
import type { ShardRef } from "../../../../../src/engine/shard-log.ts";
import { eagerCompaction, makeShard, openSmallEngine, readTexts, store } from "../../../../support/embedded-engine.ts";
import { SimulatedClock } from "../../../../support/simulated-clock.ts";
import { SimulatedDisk } from "../../../../support/simulated-disk.ts";

const hourMs = 3_600_000;
const compaction = eagerCompaction;

function filesIn(disk: SimulatedDisk, folder: string): readonly string[] {
  return disk.paths().filter((path) => path.startsWith(`/data/${folder}/`) && /\.(wal|segment)$/.test(path));
}

function text(index: number, bytes = 5_000): string {
  return `${index} `.padEnd(bytes, "x");
}

/** Stores one entry for each index and shard, one group after another. */
async function fill(engine: EmbeddedEngine, shards: readonly ShardRef[], from: number, to: number): Promise<void> {
  for (let index = from; index < to; index++) {
    await Promise.all(shards.map((shard) => store(engine, shard, text(index))));
  }
}

function texts(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, index) => text(from + index));
}

test("closed WAL files are flushed to segments and removed, and readers still find every entry", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, { compaction });
  const [a, b] = [await makeShard(engine, "a"), await makeShard(engine, "b")];
  await fill(engine, [a, b], 0, 20);
  // Flushed files are removed when two snapshot files cover them, which are written as the WAL grows.
  for (let index = 20; index < 40; index++) {
    await fill(engine, [a, b], index, index + 1);
    await engine.settled();
  }
  assert(filesIn(disk, "wal").length <= 3, filesIn(disk, "wal").join());
  assert(filesIn(disk, "segments").length > 0);
  assert.deepEqual(await readTexts(engine, a), texts(0, 40));
  assert.deepEqual(await readTexts(engine, b, 17n), texts(16, 40));
  const { figures, degraded } = await engine.health();
  assert.deepEqual(degraded, []);
  assert((figures["segment_bytes"] ?? 0) > 300_000);
  await engine.close();

  const again = await openSmallEngine(disk, { compaction });
  assert.deepEqual(await readTexts(again, await makeShard(again, "a")), texts(0, 40));
  await fill(again, [await makeShard(again, "a")], 40, 60);
  await again.settled();
  assert.deepEqual(await readTexts(again, await makeShard(again, "a")), texts(0, 60));
  const crashed = await openSmallEngine(disk.crash("lose"), { compaction });
  assert.deepEqual(await readTexts(crashed, await makeShard(crashed, "a")), texts(0, 60));
  assert.deepEqual(await readTexts(crashed, await makeShard(crashed, "b")), texts(0, 40));
  await crashed.close();
});

test("a directory says that there is a manifest from its first flush on, and WAL files are recycled", async () => {
  const disk = new SimulatedDisk();
  const hasSegments = () => decodeFormatFile(disk.bytesOf("/data/format"), "/data").hasSegments;
  const first = await openSmallEngine(disk);
  await fill(first, [await makeShard(first)], 0, 40);
  await first.close();
  assert.equal(hasSegments(), undefined);
  const engine = await openSmallEngine(disk, { compaction });
  const shard = await makeShard(engine);
  for (let index = 40; index < 120; index++) {
    await store(engine, shard, text(index));
    await engine.settled();
  }
  assert.equal(hasSegments(), true);
  const { identity } = decodeFormatFile(disk.bytesOf("/data/format"), "/data");
  const recycled = filesIn(disk, "wal").map((path) => readWalHeader(disk.bytesOf(path), identity)?.isRecycled);
  assert(recycled.includes(true), "a WAL file is recycled");
  assert.deepEqual(await readTexts(engine, shard), texts(0, 120));
  const crashed = await openSmallEngine(disk.crash("lose"), { compaction });
  assert.deepEqual(await readTexts(crashed, await makeShard(crashed)), texts(0, 120));
  assert.deepEqual((await crashed.health()).degraded, []);
});

test("a job that fails without an error of the disk is reported in health and tried again", async () => {
  const disk = new SimulatedDisk();
  const inline = new InlineCompactionRunner(disk);
  let failures = 1;
  const clock = new SimulatedClock();
  const jobs: CompactionRunner = {
    run: (job) => (failures-- > 0 ? Promise.reject(new RangeError("out of memory")) : inline.run(job)),
    close: () => inline.close(),
  };
  const engine = await openSmallEngine(disk, { compaction, jobs, clock });
  const shard = await makeShard(engine);
  await fill(engine, [shard], 0, 40);
  assert.match((await engine.health()).degraded[0] ?? "", /\(out of memory\)\. No data is lost/);
  await clock.advance(2_000);
  await fill(engine, [shard], 40, 41);
  await engine.settled();
  assert.deepEqual((await engine.health()).degraded, []);
  assert.deepEqual(await readTexts(engine, shard), texts(0, 41));
});

async function segmentBytes(engine: EmbeddedEngine): Promise<number> {
  return (await engine.health()).figures["segment_bytes"] ?? 0;
}

test("expired records are removed with their segments; reads and seeks continue behind them", async () => {
  const disk = new SimulatedDisk();
  const own = { ...compaction, ownSegmentBytes: 10_000, mergedSegmentBytesMax: 20_000 };
  const clock = new SimulatedClock();
  const engine = await openSmallEngine(disk, { compaction: own, clock });
  const [old, kept] = [await makeShard(engine, "old"), await makeShard(engine, "kept")];
  await engine.log.setRetention("old", [old], 24 * hourMs);
  await fill(engine, [old, kept], 0, 20);
  const startMs = clock.nowMs();
  clock.set(startMs + 20 * hourMs);
  await fill(engine, [old, kept], 20, 40);
  await engine.settled();
  const before = await segmentBytes(engine);
  assert.equal(await engine.log.seek(old, { at: "oldest" }), 1n);
  clock.set(startMs + 25 * hourMs);
  await engine.settled();
  assert((await segmentBytes(engine)) < before - 50_000);
  const oldest = await engine.log.seek(old, { at: "oldest" });
  assert(oldest > 1n && oldest <= 21n, `${oldest}`);
  assert.deepEqual(await readTexts(engine, old), texts(Number(oldest) - 1, 40));
  assert.deepEqual(await readTexts(engine, kept), texts(0, 40));
  assert.equal(await engine.log.seek(old, { at: "time", timeMs: startMs }), oldest);
  assert.equal(await engine.log.seek(kept, { at: "time", timeMs: startMs + 1 }), 21n);
  await engine.close();
  const again = await openSmallEngine(disk, { compaction: own, clock });
  assert.deepEqual(await readTexts(again, await makeShard(again, "old")), texts(Number(oldest) - 1, 40));

  clock.set(startMs + 100 * hourMs);
  await fill(again, [await makeShard(again, "kept")], 40, 60);
  await again.settled();
  const shard = await makeShard(again, "old");
  assert.deepEqual(await again.log.read(shard, 3n, { entriesMax: 5, bytesMax: 1 }), {
    entries: [],
    next: 41n,
    tip: 41n,
  });
  assert.equal(await again.log.seek(shard, { at: "oldest" }), 41n);
  await again.close();
  const last = await openSmallEngine(disk.crash("lose"), { compaction: own, clock });
  await store(last, await makeShard(last, "old"), "new");
  const page = await last.log.read(await makeShard(last, "old"), 1n, { entriesMax: 5, bytesMax: 1 });
  assert.deepEqual([page.entries[0]?.position, page.next], [41n, 42n]);
  assert.deepEqual(await readTexts(last, await makeShard(last, "kept")), texts(0, 60));
});

test("a follower far behind reads from segments, and goes on where its entries have expired meanwhile", async () => {
  const clock = new SimulatedClock();
  const engine = await openSmallEngine(new SimulatedDisk(), { compaction, clock });
  const shard = await makeShard(engine);
  await engine.log.setRetention("s", [shard], hourMs);
  await fill(engine, [shard], 0, 30);
  await engine.settled();
  const options = { signal: new AbortController().signal, bufferedBytesMax: 12_000 };
  const batches = engine.log.follow(shard, 1n, options)[Symbol.asyncIterator]();
  assert.equal((await batches.next()).value?.[0]?.position, 1n);
  clock.set(clock.nowMs() + 2 * hourMs);
  await fill(engine, [shard], 30, 60);
  await engine.settled();
  await engine.log.seal(shard, "end");
  let next = 0n;
  for (let batch = await batches.next(); batch.done !== true; batch = await batches.next()) {
    for (const entry of batch.value) {
      assert(entry.position >= next, "in order");
      next = entry.position + 1n;
    }
  }
  assert.equal(next, 61n);
});

test("dropping a stream gives its segments back, and a shared one is rewritten when less than half of it is live", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, { compaction: { ...compaction, ownSegmentBytes: 100_000 } });
  const shards = await Promise.all(["a", "b", "c"].map((name) => makeShard(engine, name)));
  await fill(engine, shards, 0, 30);
  await engine.settled();
  const before = await segmentBytes(engine);
  await engine.log.dropStream("a", []);
  await engine.settled();
  assert.equal(await segmentBytes(engine), before, "two thirds of each segment still count");
  await engine.log.dropStream("b", []);
  await engine.settled();
  const after = await segmentBytes(engine);
  assert(after < before / 2, `${after} of ${before}`);
  const c = shards[2] ?? assert.fail("there are three");
  assert.deepEqual(await readTexts(engine, c), texts(0, 30));
  await engine.log.dropStream("c", []);
  await engine.settled();
  assert.equal(await segmentBytes(engine), 0);
  assert.deepEqual(filesIn(disk, "segments"), []);
});

test("a stream that is dropped while segments are compacted gives its own back at once, not half an hour later", async () => {
  const disk = new SimulatedDisk();
  const inline = new InlineCompactionRunner(disk);
  const begun = Promise.withResolvers<void>();
  const latch = Promise.withResolvers<void>();
  let isHeld = false;
  const jobs: CompactionRunner = {
    run: async (job) => {
      if (isHeld && job.kind === "compact") {
        begun.resolve();
        await latch.promise;
      }
      return inline.run(job);
    },
    close: () => inline.close(),
  };
  const engine = await openSmallEngine(disk, { compaction, jobs });
  const [dropped, kept] = [await makeShard(engine, "dropped"), await makeShard(engine, "kept")];
  await fill(engine, [dropped], 0, 20);
  await engine.settled();
  const own = filesIn(disk, "segments");
  assert(own.length > 0);
  isHeld = true;
  await fill(engine, [kept], 0, 80);
  await begun.promise;
  await engine.log.dropStream("dropped", []);
  latch.resolve();
  for (let turns = 0; turns < 1_000 && filesIn(disk, "segments").some((path) => own.includes(path)); turns++) {
    await nextTurn();
  }
  assert.deepEqual(
    filesIn(disk, "segments").filter((path) => own.includes(path)),
    [],
  );
});

test("small segments of a stream are merged with their neighbours", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, { compaction });
  const shards = [await makeShard(engine, "s", 0), await makeShard(engine, "s", 1)];
  await fill(engine, shards, 0, 60);
  await engine.settled();
  assert(filesIn(disk, "segments").length <= 6, filesIn(disk, "segments").join());
  for (const shard of shards) assert.deepEqual(await readTexts(engine, shard), texts(0, 60));
  const again = await openSmallEngine(disk.crash("lose"), { compaction });
  assert.deepEqual(await readTexts(again, await makeShard(again, "s", 1)), texts(0, 60));
});

test("entries of any size are found in a segment by position and by time", async () => {
  const clock = new SimulatedClock();
  const engine = await openSmallEngine(new SimulatedDisk(), {
    compaction: { ...compaction, mergedSegmentBytesMax: 4_000_000 },
    clock,
    walFileBytes: 1_000_000,
    groupBytesMax: 300_000,
    queueBytesMax: 2_000_000,
  });
  const shard = await makeShard(engine);
  const startMs = clock.nowMs();
  const sizes = [10, 70_000, 20, 200_000, 5, 5, 65_000, 1_000];
  const stored: string[] = [];
  for (let index = 0; index < 64; index++) {
    clock.set(startMs + index * 1_000);
    stored.push(text(index, sizes[index % sizes.length]));
    await store(engine, shard, stored.at(-1) ?? "");
  }
  await engine.settled();
  for (let index = 0; index < 60; index++) {
    const from = BigInt(index + 1);
    const page = await engine.log.read(shard, from, { entriesMax: 3, bytesMax: 150_000 });
    assert.equal(page.entries[0]?.position, from);
    assert.equal(Buffer.from(page.entries[0]?.body ?? "").toString(), stored[index]);
    assert.equal(await engine.log.seek(shard, { at: "time", timeMs: startMs + index * 1_000 - 500 }), from);
  }
  assert.deepEqual(await readTexts(engine, shard), stored);
});

test("a full disk budget throttles, and service comes back when records have expired", async () => {
  const clock = new SimulatedClock();
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, { compaction, clock, diskBudgetBytes: 400_000 });
  const shard = await makeShard(engine);
  await engine.log.setRetention("s", [shard], 24 * hourMs);
  for (let round = 0; round < 3; round++) {
    let count = 0;
    await assert.rejects(
      async () => {
        for (; ; count++) {
          await store(engine, shard, text(count));
          await engine.settled();
        }
      },
      { kind: "throttled" },
    );
    assert(count > 20, `round ${round} stored ${count}`);
    clock.set(clock.nowMs() + 25 * hourMs);
    await clock.advance(2_000);
    // Whether this append is refused depends on the spare file, which may have been removed already.
    await store(engine, shard, text(0)).catch((error: unknown) => assert(error instanceof EngineError));
    await engine.settled();
  }
  await store(engine, shard, "at last");
});

test("a full disk budget is freed also when the expired records are in the WAL alone", async () => {
  const clock = new SimulatedClock();
  const disk = new SimulatedDisk();
  const rare = { ...compaction, flushAfterBytes: 10_000_000 };
  const engine = await openSmallEngine(disk, { compaction: rare, clock, diskBudgetBytes: 300_000 });
  const shard = await makeShard(engine);
  await engine.log.setRetention("s", [shard], 24 * hourMs);
  await assert.rejects(fill(engine, [shard], 0, 100), { kind: "throttled" });
  await engine.settled();
  assert.equal(filesIn(disk, "segments").length, 0, "nothing has expired, so a flush would free nothing");
  clock.set(clock.nowMs() + 25 * hourMs);
  await clock.advance(2_000);
  await assert.rejects(store(engine, shard, text(0)), { kind: "throttled" });
  await engine.settled();
  await fill(engine, [shard], 0, 20);
  assert.equal(await engine.log.seek(shard, { at: "newest" }), (await engine.log.seek(shard, { at: "oldest" })) + 21n);
});

test("a WAL at its bound throttles while compaction works, and does not when compaction fails", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, { compaction, walBytesMax: 200_000 });
  const shard = await makeShard(engine);
  disk.fault = ({ kind, path }) => (kind === "write" && path.includes("/segments/") ? "ENOSPC" : undefined);
  await fill(engine, [shard], 0, 60);
  const { degraded, ready } = await engine.health();
  assert.match(degraded[0] ?? "", /could not be moved into segments or removed \(ENOSPC/);
  assert.equal(ready, true);
  disk.fault = () => undefined;
  assert.deepEqual(await readTexts(engine, shard), texts(0, 60));
  await engine.close();
  const again = await openSmallEngine(disk, { compaction, walBytesMax: 200_000 });
  await assert.rejects(store(again, await makeShard(again), text(60)), /write-ahead log has reached its limit/);
  await again.settled();
  await store(again, await makeShard(again), text(60));
  assert.deepEqual(await readTexts(again, await makeShard(again)), texts(0, 61));
  assert.deepEqual((await again.health()).degraded, []);
});

test("a WAL that was full before any flush takes records again, although no write arrived meanwhile", async () => {
  const disk = new SimulatedDisk();
  const inline = new InlineCompactionRunner(disk);
  const latch = Promise.withResolvers<void>();
  const jobs: CompactionRunner = {
    run: (job) => latch.promise.then(() => inline.run(job)),
    close: () => inline.close(),
  };
  const engine = await openSmallEngine(disk, { compaction, jobs, walBytesMax: 300_000, snapshotAfterBytes: 1_000_000 });
  const shard = await makeShard(engine);
  const full = /write-ahead log has reached its limit/;
  await assert.rejects(fill(engine, [shard], 0, 100), full);
  const stored = Number((await engine.log.seek(shard, { at: "newest" })) - 1n);
  latch.resolve();
  await engine.settled();
  // A refused append makes the compactor run once more: snapshots still name the old files.
  await store(engine, shard, text(stored)).catch((error: unknown) => assert.match(String(error), full));
  await engine.settled();
  const { length } = await readTexts(engine, shard);
  await fill(engine, [shard], length, length + 10);
  assert((await readTexts(engine, shard)).length >= stored + 10);
});

test("a damaged WAL file is not flushed, and health reports it", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, { compaction: { ...compaction, flushAfterBytes: 1_000_000 } });
  const shard = await makeShard(engine);
  await fill(engine, [shard], 0, 40);
  await engine.close();
  const again = await openSmallEngine(disk, { compaction: { ...compaction, flushAfterBytes: 1_000_000 } });
  await again.close();
  const third = await openSmallEngine(disk, { compaction });
  disk.damage("/data/wal/0000000002.wal", (bytes) => bytes.fill(7, 9_000, 9_010));
  await fill(third, [await makeShard(third)], 40, 41);
  await third.settled();
  assert.match(
    (await third.health()).degraded[0] ?? "",
    /the frame at byte 8256 in wal\/0000000002\.wal cannot be read/,
  );
  assert(filesIn(disk, "wal").includes("/data/wal/0000000002.wal"));
});
