import assert from "node:assert/strict";
import { test } from "node:test";
import { inspectDirectory } from "../../../../../src/engine/embedded/offline/inspect-directory.ts";
import { verifyDirectory } from "../../../../../src/engine/embedded/offline/verify-directory.ts";
import { closedDirectory, closedDirectoryOptions } from "../../../../support/closed-directory.ts";
import { countedBytes, masterKey } from "../../../../support/directory-keys.ts";
import { openSmallEngine } from "../../../../support/embedded-engine.ts";
import { SimulatedDisk } from "../../../../support/simulated-disk.ts";

const keys = masterKey("of the test");
const encrypted = { ...closedDirectoryOptions, keys, randomBytes: countedBytes() };

test("verifyDirectory() finds a whole directory whole, and changes nothing", async () => {
  const disk = await closedDirectory();
  const before = disk.paths().map((path) => [path, disk.bytesOf(path).toString("hex")]);
  const { problems, counts } = await verifyDirectory(disk, "/data");
  assert.deepEqual(problems, []);
  assert(counts.segments >= 2 && counts.groups >= 2 && counts.entriesInSegments >= 6, JSON.stringify(counts));
  assert.deepEqual([counts.shardLogs, counts.documents, counts.snapshots], [4, 1, 2]);
  assert.deepEqual(
    disk.paths().map((path) => [path, disk.bytesOf(path).toString("hex")]),
    before,
  );
  await (await disk.lock("/data")).release();
});

test("verifyDirectory() refuses what is no data directory, or is in use", async () => {
  const disk = new SimulatedDisk();
  await assert.rejects(verifyDirectory(disk, "/data"), { name: "DataDirectoryError", message: /does not exist/ });
  const engine = await openSmallEngine(disk);
  await assert.rejects(verifyDirectory(disk, "/data"), { reason: "locked" });
  await engine.close();
  assert.deepEqual((await verifyDirectory(disk, "/data")).problems, []);
});

test("without the key of an encrypted directory its checksums and numbers are looked at, and that is said", async () => {
  const disk = await closedDirectory(encrypted);
  const open = await verifyDirectory(disk, "/data", keys);
  assert.deepEqual([open.problems, open.isOpened], [[], true]);
  const closed = await verifyDirectory(disk, "/data");
  assert.deepEqual([closed.problems, closed.isOpened], [[], false]);
  assert.deepEqual(closed.counts, { ...open.counts, shardLogs: 0, documents: 0 });
  await assert.rejects(verifyDirectory(disk, "/data", masterKey("another")), { reason: "key" });
});

test("inspectDirectory() of an encrypted directory returns the numbers, and with the key the names", async () => {
  const disk = await closedDirectory(encrypted);
  const open = JSON.parse(JSON.stringify(await inspectDirectory(disk, "/data", keys)));
  assert.deepEqual(
    open.logs.map(({ streamId }: Record<string, unknown>) => streamId),
    ["a", "b", "c", "e"],
  );
  assert.deepEqual(open.catalog[0]?.value, { a: 1 });
  const closed = JSON.parse(JSON.stringify(await inspectDirectory(disk, "/data")));
  assert.deepEqual([closed.format.version, closed.format.encrypted], [4, true]);
  assert.deepEqual([closed.logs, closed.catalog], [null, null]);
  assert.deepEqual(closed.wal, open.wal);
  for (const [index, segment] of closed.segments.entries()) {
    const { streamId: _, ...numbers } = open.segments[index];
    assert.deepEqual(segment, { ...numbers, liveBytes: null, lastMs: null });
  }
  await assert.rejects(inspectDirectory(disk, "/data", masterKey("another")), { reason: "key" });
});

test("a missing or cut file is found by verifyDirectory()", async () => {
  const whole = await closedDirectory();
  for (const path of whole.paths().filter((name) => !name.endsWith("format") && !name.endsWith(".snapshot"))) {
    const lost = whole.crash("lose");
    lost.lose(path);
    assert.notDeepEqual((await verifyDirectory(lost, "/data")).problems, [], `without ${path}`);
    const cut = whole.crash("lose");
    cut.damage(path, (bytes) => bytes.subarray(0, Math.max(0, bytes.length - 4096)));
    // The end of the log's last file is a hole, and a cut into it loses nothing.
    if (!path.endsWith(".wal")) assert.notDeepEqual((await verifyDirectory(cut, "/data")).problems, [], `${path} cut`);
  }
});

test("inspectDirectory() describes the WAL, the segments and the catalog", async () => {
  const disk = await closedDirectory();
  const found = JSON.parse(JSON.stringify(await inspectDirectory(disk, "/data")));
  assert.equal(found.format.version, 4);
  assert.equal(found.wal.cleanlyClosed, true);
  const files = disk.paths().filter((path) => path.endsWith(".wal") || path.endsWith(".segment"));
  assert.deepEqual(
    [...found.segments, ...found.wal.files].map(({ file }: { file: string }) => `/data/${file}`).sort(),
    files.sort(),
  );
  assert.equal(found.wal.files.at(-1).lastLsn, found.wal.lastLsn);
  assert.equal(found.manifest.oldestGeneration, found.wal.files[0].generation);
  assert(found.segments.length >= 2);
  for (const { inSegments, inWal, tip, oldest } of found.logs) {
    // Without a gap, first in segments and then in the log.
    let next = oldest;
    for (const extent of inSegments) {
      assert.equal(extent.position, next);
      assert(found.segments.some(({ file }: { file: string }) => file === extent.file));
      next = extent.end;
    }
    assert.equal(inWal.from ?? tip, next);
  }
  assert.deepEqual(found.catalog[0]?.value, { a: 1 });
  assert.deepEqual(
    found.logs.map(({ streamId, oldest, tip }: Record<string, unknown>) => [streamId, oldest, tip]),
    [
      ["a", 1, 6],
      ["b", 2, 4],
      ["c", 1, 2],
      ["e", 1, 1],
    ],
  );
});
