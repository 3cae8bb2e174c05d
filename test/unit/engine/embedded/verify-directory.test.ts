import assert from "node:assert/strict";
import { test } from "node:test";
import type { DirectoryKeys } from "../../../../src/engine/embedded/directory-keys.ts";
import type { EmbeddedEngineOptions } from "../../../../src/engine/embedded/embedded-engine.ts";
import { inspectDirectory } from "../../../../src/engine/embedded/inspect-directory.ts";
import { type VerifyReport, verifyDirectory } from "../../../../src/engine/embedded/verify-directory.ts";
import { EngineError } from "../../../../src/engine/engine-error.ts";
import { countedBytes, masterKey } from "../../../support/directory-keys.ts";
import { eagerSealing, makeShard, openSmallEngine, readTexts, store } from "../../../support/embedded-engine.ts";
import { SimulatedDisk } from "../../../support/simulated-disk.ts";

const options = {
  walFileBytes: 20 * 1024,
  groupBytesMax: 8 * 1024,
  sealing: { ...eagerSealing, ownSegmentBytes: 4_000 },
};

const keys = masterKey("of the test");
const encrypted = { ...options, keys, randomBytes: countedBytes() };

/** Everything that a directory may hold: a manifest, a segment of one stream and shared ones, two snapshots, the log. */
async function closedDirectory(engineOptions: Partial<EmbeddedEngineOptions> = options): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, engineOptions);
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
async function verified(disk: SimulatedDisk, keysIfAny?: DirectoryKeys): Promise<VerifyReport | undefined> {
  try {
    return await verifyDirectory(disk, "/data", keysIfAny);
  } catch (error) {
    assert(error instanceof Error && error.name === "DataDirectoryError", String(error));
    return undefined;
  }
}

async function assertNothingFalse(
  disk: SimulatedDisk,
  expected: ReadonlyMap<string, readonly string[]>,
  engineOptions: Partial<EmbeddedEngineOptions>,
) {
  try {
    const engine = await openSmallEngine(disk, engineOptions);
    for (const [name, texts] of expected)
      assert.deepEqual(await readTexts(engine, await makeShard(engine, name)), texts);
    await engine.close();
  } catch (error) {
    const isTold = error instanceof EngineError || (error instanceof Error && error.name === "DataDirectoryError");
    if (!isTold) throw error;
    assert(!(error instanceof EngineError) || error.kind === "corrupt", String(error));
  }
}

/** Flips one bit of each byte that `counts`; what `verify` finds of it, and what a server would serve. */
async function flipEverywhere(
  engineOptions: Partial<EmbeddedEngineOptions>,
  {
    counts,
    verify,
  }: {
    readonly counts: (at: number, bytes: Buffer) => boolean;
    readonly verify: (disk: SimulatedDisk) => Promise<VerifyReport | undefined>;
  },
): Promise<number> {
  const disk = await closedDirectory(engineOptions);
  const expected = new Map<string, readonly string[]>();
  const whole = await openSmallEngine(disk.crash("lose"), engineOptions);
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
      if (!counts(at, bytes)) continue;
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at & 7));
      disk.place(path, flipped);
      const report = await verify(disk);
      assert(report === undefined || report.problems.length > 0, `byte ${at} of ${path}`);
      if (flips % 16 === 0) await assertNothingFalse(disk.crash("lose"), expected, engineOptions);
      flips += 1;
    }
    disk.place(path, bytes);
  }
  assert.deepEqual((await verify(disk))?.problems, []);
  return flips;
}

/** Padding and texts of one letter are long, and every byte of them like the next. */
const isAlike = (at: number, bytes: Buffer): boolean => bytes[at] === bytes[at - 1] && bytes[at] === bytes[at + 1];

test("a flipped bit anywhere in a cleanly closed directory is found by verifyDirectory(), and never served", async () => {
  const counts = (at: number, bytes: Buffer): boolean => at % 61 === 0 || !isAlike(at, bytes);
  const flips = await flipEverywhere(options, { counts, verify: verified });
  assert(flips > 2_000, `${flips} flips`);
});

test("a flipped bit in a closed encrypted directory is found by verifyDirectory(), with its key or without", async () => {
  // What is encrypted has no bytes alike; each kind of byte comes often enough among these.
  const counts = (at: number, bytes: Buffer): boolean => at % 61 === 0 || (at % 13 === 0 && !isAlike(at, bytes));
  let turn = 0;
  const verify = (disk: SimulatedDisk): Promise<VerifyReport | undefined> => {
    turn += 1;
    return verified(disk, turn % 2 === 0 ? keys : undefined);
  };
  const flips = await flipEverywhere(encrypted, { counts, verify });
  assert(flips > 2_000, `${flips} flips`);
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

test("inspectDirectory() of an encrypted directory tells the numbers, and the names to whoever has the key", async () => {
  const disk = await closedDirectory(encrypted);
  const open = JSON.parse(JSON.stringify(await inspectDirectory(disk, "/data", keys)));
  assert.deepEqual(
    open.logs.map(({ streamId }: Record<string, unknown>) => streamId),
    ["a", "b"],
  );
  assert.deepEqual(open.catalog[0]?.value, { a: 1 });
  const closed = JSON.parse(JSON.stringify(await inspectDirectory(disk, "/data")));
  assert.deepEqual([closed.format.version, closed.format.encrypted], [3, true]);
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
