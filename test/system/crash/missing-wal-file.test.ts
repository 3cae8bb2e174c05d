// The newest WAL file of a killed server is gone, cut, or another one: its records were acknowledged, so the directory is
// refused, by a server and by `millrace verify`, until the file is back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { backUpLiveDirectory } from "../../../src/engine/embedded/offline/backup-live-directory.ts";
import { inspectDirectory } from "../../../src/engine/embedded/offline/inspect-directory.ts";
import { verifyDirectory } from "../../../src/engine/embedded/offline/verify-directory.ts";
import {
  eagerCompaction,
  makeShard,
  openSmallEngine,
  readTexts,
  smallEngine,
  store,
} from "../../support/embedded-engine.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";

const newestWal = "/data/newest-wal";

function walFilesOf(disk: SimulatedDisk): readonly string[] {
  return disk.paths().filter((path) => path.endsWith(".wal"));
}

function newestOf(disk: SimulatedDisk): string {
  return walFilesOf(disk).at(-1) ?? assert.fail("there is no WAL file");
}

/** A server that was killed after the last of `count` acknowledgements; `hasSegments`: after flushes, and with few WAL files. */
async function killed(count: number, hasSegments = false): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, hasSegments ? { compaction: eagerCompaction } : {});
  const shard = await makeShard(engine);
  for (let index = 0; index < count; index++) await store(engine, shard, `${index} ${"x".repeat(5_000)}`);
  if (hasSegments) await engine.settled();
  return disk.crash("lose");
}

function checksumsOf(disk: SimulatedDisk): readonly (readonly [string, number])[] {
  const paths = disk.paths().filter((path) => path.startsWith("/data/"));
  return paths.map((path) => [path, crc32(disk.bytesOf(path))]);
}

async function assertRefused(disk: SimulatedDisk, sentence: RegExp): Promise<void> {
  const before = checksumsOf(disk);
  await assert.rejects(smallEngine(disk).open(), { kind: "corrupt", message: sentence });
  assert.match((await verifyDirectory(disk, "/data")).problems.join(), sentence);
  await assert.rejects(inspectDirectory(disk, "/data"), { kind: "corrupt", message: sentence });
  await assert.rejects(backUpLiveDirectory(disk, "/data", "/backup"), { kind: "corrupt", message: sentence });
  assert.deepEqual(checksumsOf(disk), before, "a refused directory stays as it is");
}

for (const { name, count, hasSegments } of [
  { name: "the only WAL file", count: 5, hasSegments: false },
  { name: "the newest of several WAL files", count: 40, hasSegments: false },
  { name: "the newest WAL file behind segments", count: 40, hasSegments: true },
]) {
  test(`deleting ${name} of a killed server is noticed, and no record is given up`, async () => {
    const disk = await killed(count, hasSegments);
    const path = newestOf(disk);
    const bytes = disk.bytesOf(path);
    disk.lose(path);
    await assertRefused(disk, new RegExp(`^The log is damaged: wal/${path.slice(-14)} is missing, with all records `));
    disk.place(path, bytes);
    const engine = await openSmallEngine(disk);
    assert.equal((await readTexts(engine, await makeShard(engine))).length, count, "with the file back all is there");
    await engine.close();
  });
}

test("an older WAL file in the place of the newest one is noticed", async () => {
  const disk = await killed(40);
  const [older] = walFilesOf(disk);
  disk.place(newestOf(disk), disk.bytesOf(older ?? ""));
  await assertRefused(disk, /both headers of wal\/\d+\.wal are unreadable/);
});

test("a newest WAL file that is cut to its headers, into them, or to nothing is noticed", async () => {
  for (const length of [0, 100, 4_096, 8_191]) {
    const disk = await killed(40);
    disk.damage(newestOf(disk), (bytes) => bytes.subarray(0, length));
    await assertRefused(disk, new RegExp(`wal/\\d+\\.wal was truncated to ${length} bytes, with all its records`));
  }
  const disk = await killed(40);
  disk.damage(newestOf(disk), (bytes) => bytes.subarray(0, 8_192));
  assert.match((await verifyDirectory(disk, "/data")).problems.join(), /was truncated to 8192 of/);
});

test("newest-wal itself must exist, and one of its slots be whole", async () => {
  const lost = await killed(5);
  lost.lose(newestWal);
  await assertRefused(lost, /newest-wal is missing/);
  const damaged = await killed(5);
  damaged.damage(newestWal, (bytes) => bytes.fill(1, 0, 8_192));
  await assertRefused(damaged, /newest-wal cannot be read/);
  const half = await killed(5);
  half.damage(newestWal, (bytes) => bytes.fill(1, 0, 10));
  const engine = await openSmallEngine(half);
  assert.match((await engine.health()).degraded.join(), /One of the two slots of newest-wal is damaged/);
  await engine.close();
  const again = await openSmallEngine(half);
  assert.deepEqual((await again.health()).degraded, [], "the start has written both");
  await again.close();
});
