import assert from "node:assert/strict";
import { test } from "node:test";
import { inspectDirectory } from "../../../../src/engine/embedded/inspect-directory.ts";
import { verifyDirectory } from "../../../../src/engine/embedded/verify-directory.ts";
import { closedDirectory } from "../../../support/closed-directory.ts";
import { openSmallEngine } from "../../../support/embedded-engine.ts";
import { SimulatedDisk } from "../../../support/simulated-disk.ts";

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

test("inspectDirectory() tells what a directory holds", async () => {
  const disk = await closedDirectory();
  const found = JSON.parse(JSON.stringify(await inspectDirectory(disk, "/data")));
  assert.equal(found.format.version, 2);
  assert.equal(found.wal.cleanlyClosed, true);
  assert(found.segments.length >= 2);
  assert.deepEqual(found.catalog[0]?.value, { a: 1 });
  assert.deepEqual(
    found.logs.map(({ streamId, oldest, tip }: Record<string, unknown>) => [streamId, oldest, tip]),
    [
      ["a", 1, 9],
      ["b", 1, 3],
    ],
  );
});
