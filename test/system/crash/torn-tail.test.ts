// A WAL of five groups of one block each and a last one of three blocks; the process is killed, then bytes are cut off its
// last file. Whole groups before the cut survive, nothing else is served, the loss is reported, and writes continue.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readGroupHeader } from "../../../src/engine/embedded/format/commit-group.ts";
import { decodeFormatFile } from "../../../src/engine/embedded/format/format-file.ts";
import { makeShard, openSmallEngine, readTexts, store } from "../../support/embedded-engine.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";

const wal = "/data/wal/0000000001.wal";
const blockBytes = 4096;
const headerBytes = 2 * blockBytes;
const largeText = "l".repeat(9_000);
/** The first group makes the shard. */
const texts = ["one", "two", "three", "four", largeText];
/** Where each group ends. */
const groupEnds = [1, 2, 3, 4, 5, 8].map((block) => headerBytes + block * blockBytes);

async function killedLog(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk);
  const shard = await makeShard(engine);
  for (const text of texts) await store(engine, shard, text);
  return disk.crash("lose");
}

async function survivors(disk: SimulatedDisk) {
  const engine = await openSmallEngine(disk);
  const shard = await makeShard(engine);
  const found = await readTexts(engine, shard);
  const { ready, degraded } = await engine.health();
  assert.equal(ready, true);
  await store(engine, shard, "written afterwards");
  await engine.close();
  const again = await openSmallEngine(disk.crash("lose"));
  assert.deepEqual(await readTexts(again, await makeShard(again)), [...found, "written afterwards"]);
  assert.deepEqual((await again.health()).degraded, [], "a file that has a successor is not looked at beyond its end");
  await again.close();
  const reports = disk.paths().filter((path) => path.startsWith("/data/damage/"));
  return { found, degraded, reports };
}

const lastEnd = headerBytes + 8 * blockBytes;
const tears = [
  ...groupEnds.flatMap((end) => [end - blockBytes, end - 4095, end - 512, end - 1, end, end + 1, end + 512]),
  headerBytes + 1,
  headerBytes + 63,
  headerBytes + 64,
  lastEnd - 2 * blockBytes,
  lastEnd + blockBytes,
  48 * 1024 - 1,
];

for (const length of [...new Set(tears)].sort((left, right) => left - right)) {
  test(`a file cut to ${length} bytes keeps every whole group before the cut, and says so`, async () => {
    const disk = await killedLog();
    disk.damage(wal, (bytes) => bytes.subarray(0, length));
    const { found, degraded, reports } = await survivors(disk);
    const wholeGroups = groupEnds.filter((end) => end <= length).length;
    assert.deepEqual(found, texts.slice(0, Math.max(0, wholeGroups - 1)));
    assert.match(degraded[0] ?? "", new RegExp(`wal/0000000001.wal was truncated to ${length} of 49152 bytes`));
    assert(reports.length > 0);
  });
}

for (const kept of [0, 1, 63, 64, 512, 4095, 4096, 8191, 8192, 9000, 9_160]) {
  test(`a last group of which ${kept} bytes reached the disk is left out, and says so`, async () => {
    const disk = await killedLog();
    const start = headerBytes + 5 * blockBytes;
    disk.damage(wal, (bytes) => bytes.fill(0, start + kept));
    const { found, degraded, reports } = await survivors(disk);
    // The text ends 9,160 bytes into its group; what follows are zeros anyway.
    assert.deepEqual(found, kept === 9_160 ? texts : texts.slice(0, -1));
    const told = kept > 0 && kept < 9_160 ? 1 : 0;
    assert.equal(degraded.length, told);
    assert.equal(reports.length, told);
    if (told > 0) assert.match(degraded[0] ?? "", /at byte 28672 is incomplete and was left out/);
  });
}

test("a tear behind the last group that was acknowledged loses nothing", async () => {
  const disk = await killedLog();
  disk.damage(wal, (bytes) => bytes.subarray(0, lastEnd));
  const { found } = await survivors(disk);
  assert.deepEqual(found, texts);
});

test("a whole group that was never acknowledged is served, and then stays", async () => {
  const disk = new SimulatedDisk({ direct: false });
  const engine = await openSmallEngine(disk);
  const shard = await makeShard(engine);
  await store(engine, shard, "acknowledged");
  // The write reaches the system's cache, the sync never comes back, the process is killed.
  disk.syncCountMax = disk.syncCount;
  await assert.rejects(store(engine, shard, "in flight"), { kind: "indeterminate" });
  const after = disk.crash("keep");
  const second = await openSmallEngine(after);
  assert.deepEqual(await readTexts(second, await makeShard(second)), ["acknowledged", "in flight"]);
  const third = await openSmallEngine(after.crash("lose"));
  assert.deepEqual(await readTexts(third, await makeShard(third)), ["acknowledged", "in flight"]);
});

/** Texts of two groups that are in flight together; large enough for that. */
const [first, second] = ["f".repeat(150_000), "s".repeat(150_000)];
const roomy = { walFileBytes: 1024 * 1024, groupBytesMax: 256 * 1024 };

async function killedWithTwoTogether(): Promise<{ disk: SimulatedDisk; start: number; secondStart: number }> {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, roomy);
  const shard = await makeShard(engine);
  await store(engine, shard, "before");
  const release = disk.holdWrites();
  const stored: Promise<void>[] = [];
  for (const text of [first, second]) {
    const writing = disk.nextWrite();
    stored.push(store(engine, shard, text));
    await writing;
  }
  release();
  await Promise.all(stored);
  const killed = disk.crash("lose");
  const start = headerBytes + 2 * blockBytes;
  const secondStart = start + 37 * blockBytes;
  const bytes = killed.bytesOf(wal);
  const { identity } = decodeFormatFile(killed.bytesOf("/data/format"), "/data");
  // Neither claims the other: the second was sent before the first was durable.
  assert.deepEqual(
    [start, secondStart]
      .map((at) => readGroupHeader(bytes, at, identity))
      .map((group) => [group?.lsn, group?.durableThroughLsn]),
    [
      [3, 2],
      [4, 2],
    ],
  );
  return { disk: killed, start, secondStart };
}

test("of two groups that were on their way together, the second alone is left out when the first is not there", async () => {
  const { disk, start, secondStart } = await killedWithTwoTogether();
  disk.damage(wal, (bytes) => bytes.fill(0, start, secondStart));
  const { found, degraded } = await survivors(disk);
  assert.deepEqual(found, ["before"]);
  assert.match(degraded[0] ?? "", /at byte 16384 is incomplete and was left out/);
});

test("of two groups that were on their way together, the first is kept when the second is torn", async () => {
  const { disk, secondStart } = await killedWithTwoTogether();
  disk.damage(wal, (bytes) => bytes.fill(0, secondStart + 4096));
  assert.deepEqual((await survivors(disk)).found, ["before", first]);
});

test("two groups that were on their way together are both kept when both are there", async () => {
  const { disk } = await killedWithTwoTogether();
  assert.deepEqual((await survivors(disk)).found, ["before", first, second]);
});
