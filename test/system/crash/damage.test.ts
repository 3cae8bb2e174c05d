// Bytes that change by themselves. What was provably acknowledged and is gone refuses the directory; what is damaged later
// answers `corrupt`; nothing false is ever served.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EmbeddedEngine } from "../../../src/engine/embedded/embedded-engine.ts";
import { makeShard, openSmallEngine, readTexts, smallEngine, store } from "../../support/embedded-engine.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";

const firstWal = "/data/wal/0000000001.wal";
const secondWal = "/data/wal/0000000002.wal";
const blockBytes = 4096;
const headerBytes = 2 * blockBytes;

function flip(disk: SimulatedDisk, path: string, at: number): void {
  disk.damage(path, (bytes) => {
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    return bytes;
  });
}

/** Group 1 makes the shard; groups 2 to 6 hold an entry each; then a kill, or a clean close (a snapshot and group 7). */
async function logOfFive(ending: "killed" | "closed"): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk);
  const shard = await makeShard(engine);
  for (const text of ["one", "two", "three", "four", "five"]) await store(engine, shard, text);
  if (ending === "closed") await engine.close();
  return disk.crash("lose");
}

async function refused(disk: SimulatedDisk, sentence: RegExp): Promise<void> {
  const before = disk.paths().map((path) => [path, disk.bytesOf(path)]);
  await assert.rejects(smallEngine(disk).open(), (error: Error) => {
    assert.equal(Object.getOwnPropertyDescriptor(error, "kind")?.value, "corrupt");
    assert.match(error.message, sentence);
    assert(!error.message.includes("\n"));
    return true;
  });
  const after = disk.paths().map((path) => [path, disk.bytesOf(path)]);
  assert.deepEqual(after, before, "a refused directory stays as it is");
  // And its lock is free for a repair.
  await (await disk.lock("/data")).release();
}

async function served(disk: SimulatedDisk) {
  const engine = await openSmallEngine(disk);
  const texts = await readTexts(engine, await makeShard(engine));
  const { degraded } = await engine.health();
  await engine.close();
  return { texts, degraded };
}

const placesInGroup = [0, 5, 9, 17, 25, 33, 41, 45, 53, 61, 64, 72, 90, 112, 200, blockBytes - 1];

for (const place of placesInGroup) {
  test(`a flip at byte ${place} of an earlier group refuses the directory as corrupt`, async () => {
    const disk = await logOfFive("killed");
    flip(disk, firstWal, headerBytes + 2 * blockBytes + place);
    await refused(disk, /group 3 in wal\/0000000001\.wal at byte 16384 was acknowledged and cannot be read/);
  });

  test(`a flip at byte ${place} of the unmarked last group leaves that group out, and says so`, async () => {
    const disk = await logOfFive("killed");
    flip(disk, firstWal, headerBytes + 5 * blockBytes + place);
    const { texts, degraded } = await served(disk);
    assert.deepEqual(texts, ["one", "two", "three", "four"]);
    assert.match(degraded[0] ?? "", /at byte 28672 is incomplete/);
  });

  test(`after a clean close a flip at byte ${place} of the last group of data refuses the directory`, async () => {
    const disk = await logOfFive("closed");
    flip(disk, firstWal, headerBytes + 5 * blockBytes + place);
    await refused(disk, /group 6 in wal\/0000000001\.wal at byte 28672/);
  });
}

test("after a clean close a damaged marker costs nothing, and says so", async () => {
  const disk = await logOfFive("closed");
  flip(disk, firstWal, headerBytes + 6 * blockBytes + 70);
  const { texts, degraded } = await served(disk);
  assert.deepEqual(texts, ["one", "two", "three", "four", "five"]);
  assert.equal(degraded.length, 1);
});

test("after a clean close the loss of the marker and of data before it is refused: the snapshot knows better", async () => {
  const disk = await logOfFive("closed");
  disk.damage(firstWal, (bytes) => bytes.fill(0, headerBytes + 5 * blockBytes));
  await refused(disk, /the WAL ends with group 5, but group 6 was acknowledged/);
});

test("damage behind the marker of a clean close has no effect", async () => {
  const disk = await logOfFive("closed");
  flip(disk, firstWal, headerBytes + 7 * blockBytes + 5);
  assert.deepEqual((await served(disk)).degraded, []);
});

test("one damaged header of two is told; two refuse the directory", async () => {
  const disk = await logOfFive("killed");
  flip(disk, firstWal, 50);
  const { texts, degraded } = await served(disk.crash("lose"));
  assert.equal(texts.length, 5);
  assert.match(degraded[0] ?? "", /One of the two headers/);
  flip(disk, firstWal, blockBytes + 3);
  await refused(disk, /both headers of wal\/0000000001\.wal are unreadable/);
});

/** Two sessions, so two files; each ends without a clean close. */
async function twoFiles(): Promise<SimulatedDisk> {
  const disk = await logOfFive("killed");
  const engine = await openSmallEngine(disk);
  await store(engine, await makeShard(engine), "six");
  return disk.crash("lose");
}

test("a flip in the last group of an earlier file refuses the directory: the next file's header knows better", async () => {
  const disk = await twoFiles();
  flip(disk, firstWal, headerBytes + 5 * blockBytes + 70);
  await refused(disk, /group 6 in wal\/0000000001\.wal at byte 28672/);
});

test("an earlier file that was cut into its groups refuses the directory; cut behind them, nothing is amiss", async () => {
  const disk = await twoFiles();
  disk.damage(firstWal, (bytes) => bytes.subarray(0, headerBytes + 6 * blockBytes));
  assert.equal((await served(disk.crash("lose"))).texts.length, 6);
  disk.damage(firstWal, (bytes) => bytes.subarray(0, headerBytes + 6 * blockBytes - 1));
  await refused(disk, /group 6 in wal\/0000000001\.wal/);
});

test("a missing file refuses the directory", async () => {
  const disk = await twoFiles();
  disk.lose(firstWal);
  await refused(disk, /wal\/0000000001\.wal is missing/);
});

test("all files missing behind a snapshot refuse the directory", async () => {
  const disk = await logOfFive("closed");
  disk.lose(firstWal);
  await refused(disk, /wal\/0000000001\.wal is missing/);
});

test("a damaged snapshot is told, and the log takes its place", async () => {
  const disk = await logOfFive("closed");
  const snapshot = disk.paths().find((path) => path.endsWith(".snapshot")) ?? assert.fail("a close leaves a snapshot");
  flip(disk, snapshot, 100);
  const { texts, degraded } = await served(disk);
  assert.equal(texts.length, 5);
  assert.match(degraded[0] ?? "", /The snapshot catalog\/0000000000000006\.snapshot is damaged/);
});

test("groups of another generation behind the end are not groups of this file", async () => {
  const disk = await twoFiles();
  // As a recycled file would look: behind the present groups follow those of its earlier use.
  const stale = disk.bytesOf(firstWal).subarray(headerBytes, headerBytes + 6 * blockBytes);
  disk.damage(secondWal, (bytes) => {
    stale.copy(bytes, headerBytes + blockBytes);
    return bytes;
  });
  const { texts } = await served(disk);
  assert.deepEqual(texts, ["one", "two", "three", "four", "five", "six"]);
});

test("an entry damaged after recovery answers corrupt, and the others are still served", async () => {
  const disk = await logOfFive("killed");
  const engine = await openSmallEngine(disk);
  const shard = await makeShard(engine);
  flip(disk, firstWal, headerBytes + 3 * blockBytes + 64 + 50);
  const one = { entriesMax: 1, bytesMax: 1 };
  const textAt = async (position: bigint): Promise<string> => {
    const [entry] = (await engine.log.read(shard, position, one)).entries;
    return Buffer.from(entry?.body ?? "").toString();
  };
  assert.equal(await textAt(1n), "one");
  assert.equal(await textAt(2n), "two");
  await assert.rejects(textAt(3n), { kind: "corrupt" });
  const page = await engine.log.read(shard, 1n, { entriesMax: 10, bytesMax: 1000 });
  assert.equal(page.entries.length, 2, "what stands before the damage is served");
  assert.equal(page.next, 3n);
  assert.equal(await seekNewest(engine), 6n);
});

async function seekNewest(engine: EmbeddedEngine): Promise<bigint> {
  return engine.log.seek(await makeShard(engine), { at: "newest" });
}

test("a body that imitates a group is never taken for one", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk);
  const shard = await makeShard(engine);
  await store(engine, shard, "one");
  const forged = disk.bytesOf(firstWal).subarray(headerBytes, headerBytes + 2 * blockBytes);
  // Another directory's salt: an imitator does not know this one's.
  const other = new SimulatedDisk();
  const imitator = await openSmallEngine(other, { randomBytes: (byteCount) => Buffer.alloc(byteCount, 7) });
  await store(imitator, await makeShard(imitator), "false one", "false two");
  const imitation = other.bytesOf(firstWal).subarray(headerBytes, headerBytes + 2 * blockBytes);
  assert.equal(forged.length, imitation.length);
  const body = Buffer.alloc(3 * blockBytes);
  for (let at = blockBytes - 64 - 48; at + blockBytes <= body.length; at += blockBytes)
    imitation.copy(body, at, blockBytes);
  await engine.log.append([{ shard, entry: { count: 1, timeMs: 0, body } }]);
  const torn = disk.crash("lose");
  // The group that carries the imitation loses its first block, so that recovery looks at what stands behind.
  torn.damage(firstWal, (bytes) => bytes.fill(0, headerBytes + 2 * blockBytes, headerBytes + 3 * blockBytes));
  assert.deepEqual((await served(torn)).texts, ["one"]);
});
