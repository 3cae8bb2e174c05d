import assert from "node:assert/strict";
import { test } from "node:test";
import { inspectDirectory } from "../../../../src/engine/embedded/inspect-directory.ts";
import { type VerifyReport, verifyDirectory } from "../../../../src/engine/embedded/verify-directory.ts";
import { EngineError } from "../../../../src/engine/engine-error.ts";
import { eagerSealing, makeShard, openSmallEngine, readTexts, store } from "../../../support/embedded-engine.ts";
import { SimulatedDisk } from "../../../support/simulated-disk.ts";

const options = {
  walFileBytes: 20 * 1024,
  groupBytesMax: 8 * 1024,
  sealing: { ...eagerSealing, ownSegmentBytes: 4_000 },
};

/** Everything that a directory may hold: a manifest, a segment of one stream and shared ones, two snapshots, the log. */
async function closedDirectory(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, options);
  const [a, b] = [await makeShard(engine, "a"), await makeShard(engine, "b")];
  for (let index = 0; index < 6; index++) await store(engine, a, `${index}`.repeat(1_500));
  await store(engine, b, "one", "two");
  for (let index = 0; index < 2; index++) await store(engine, a, `${index}`.repeat(6_000));
  await engine.catalog.compareAndSwap("key", Buffer.from('{"a":1}'), 0n);
  await engine.settled();
  await engine.close();
  return disk.crash("lose");
}

test("verifyDirectory() finds a whole directory whole, and changes nothing", async () => {
  const disk = await closedDirectory();
  const before = disk.paths().map((path) => [path, disk.bytesOf(path).toString("hex")]);
  const { problems, counts } = await verifyDirectory(disk, "/data");
  assert.deepEqual(problems, []);
  assert(counts.segments >= 2 && counts.groups >= 2 && counts.entriesInSegments >= 6, JSON.stringify(counts));
  assert.deepEqual([counts.shardLogs, counts.documents, counts.snapshots], [2, 1, 2]);
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

/** What comes of a directory: its verification, and what a server would serve of it. */
async function verified(disk: SimulatedDisk): Promise<VerifyReport | undefined> {
  try {
    return await verifyDirectory(disk, "/data");
  } catch (error) {
    assert(error instanceof Error && error.name === "DataDirectoryError", String(error));
    return undefined;
  }
}

async function assertNothingFalse(disk: SimulatedDisk, expected: ReadonlyMap<string, readonly string[]>) {
  try {
    const engine = await openSmallEngine(disk, options);
    for (const [name, texts] of expected)
      assert.deepEqual(await readTexts(engine, await makeShard(engine, name)), texts);
    await engine.close();
  } catch (error) {
    const isTold = error instanceof EngineError || (error instanceof Error && error.name === "DataDirectoryError");
    if (!isTold) throw error;
    assert(!(error instanceof EngineError) || error.kind === "corrupt", String(error));
  }
}

test("a flipped bit anywhere in a cleanly closed directory is found by verifyDirectory(), and never served", async () => {
  const disk = await closedDirectory();
  const expected = new Map<string, readonly string[]>();
  const whole = await openSmallEngine(disk.crash("lose"), options);
  for (const name of ["a", "b"]) expected.set(name, await readTexts(whole, await makeShard(whole, name)));
  await whole.close();
  const { wal } = JSON.parse(JSON.stringify(await inspectDirectory(disk, "/data")));
  const ends = new Map<string, number>(
    wal.files.map(({ file, end }: { file: string; end: number }) => [`/data/${file}`, end]),
  );
  let flips = 0;
  for (const path of disk.paths()) {
    const bytes = disk.bytesOf(path);
    // Behind the end of an earlier file of the log, or of a recycled one, nothing counts.
    for (let at = 0; at < (ends.get(path) ?? bytes.length); at++) {
      // Padding and texts of one letter are long, and every byte of them like the next.
      if (at % 61 !== 0 && bytes[at] === bytes[at - 1] && bytes[at] === bytes[at + 1]) continue;
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at & 7));
      disk.place(path, flipped);
      const report = await verified(disk);
      assert(report === undefined || report.problems.length > 0, `byte ${at} of ${path}`);
      if (flips % 16 === 0) await assertNothingFalse(disk.crash("lose"), expected);
      flips += 1;
    }
    disk.place(path, bytes);
  }
  assert(flips > 2_000, `${flips} flips`);
  assert.deepEqual((await verifyDirectory(disk, "/data")).problems, []);
});

test("a missing or cut file is found by verifyDirectory()", async () => {
  const whole = await closedDirectory();
  for (const path of whole.paths().filter((name) => !name.endsWith("format") && !name.endsWith(".snapshot"))) {
    const lost = whole.crash("lose");
    lost.lose(path);
    // The last file holds the marker of the clean close and nothing else.
    if (path === whole.paths().findLast((name) => name.endsWith(".wal"))) continue;
    assert.notDeepEqual((await verifyDirectory(lost, "/data")).problems, [], `without ${path}`);
    const cut = whole.crash("lose");
    cut.damage(path, (bytes) => bytes.subarray(0, Math.max(0, bytes.length - 4096)));
    // The end of the log's last file is a hole, and a cut into it loses nothing.
    if (!path.endsWith(".wal")) assert.notDeepEqual((await verifyDirectory(cut, "/data")).problems, [], `${path} cut`);
  }
});

test("inspectDirectory() tells what the log, the segments and the catalog hold", async () => {
  const disk = await closedDirectory();
  const found = JSON.parse(JSON.stringify(await inspectDirectory(disk, "/data")));
  assert.equal(found.format.version, 2);
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
      ["a", 1, 9],
      ["b", 1, 3],
    ],
  );
});
