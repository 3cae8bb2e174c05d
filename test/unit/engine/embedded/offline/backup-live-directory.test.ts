import assert from "node:assert/strict";
import { test } from "node:test";
import type { EmbeddedEngine } from "../../../../../src/engine/embedded/embedded-engine.ts";
import { backUpLiveDirectory } from "../../../../../src/engine/embedded/offline/backup-live-directory.ts";
import { restoreDirectory } from "../../../../../src/engine/embedded/offline/restore-directory.ts";
import type { ShardRef } from "../../../../../src/engine/shard-log.ts";
import { dataDirectory, makeShard, openSmallEngine, readTexts, store } from "../../../../support/embedded-engine.ts";
import { filled, filledOptions, filledTexts, flipAt, textsIn } from "../../../../support/filled-engine.ts";
import { SimulatedDisk } from "../../../../support/simulated-disk.ts";

const target = "/backup";

test("damage for which a server would refuse the source refuses the backup, and leaves nothing", async () => {
  const whole = new SimulatedDisk();
  const { engine } = await filled(whole);
  const first = (suffix: string): string => whole.paths().find((path) => path.endsWith(suffix)) ?? assert.fail();
  const segment = first(".segment");
  const cases: readonly (readonly [string, (disk: SimulatedDisk) => void, RegExp])[] = [
    ["a trailer", (disk) => disk.damage(segment, flipAt(whole.bytesOf(segment).length - 60)), /segments\/\d+\.segment/],
    ["a segment", (disk) => disk.lose(segment), /segments\/\d+\.segment is missing/],
    ["the manifest", (disk) => disk.damage("/data/segments/manifest", () => Buffer.alloc(8192)), /manifest cannot be/],
    ["no manifest", (disk) => disk.lose("/data/segments/manifest"), /is missing/],
    ["a log file", (disk) => disk.lose(first(".wal")), /is missing/],
  ];
  for (const [what, damage, message] of cases) {
    const disk = whole.crash("lose");
    damage(disk);
    await assert.rejects(backUpLiveDirectory(disk, dataDirectory, target), { kind: "corrupt", message }, what);
    await assert.rejects(disk.list(target), { code: "ENOENT" }, what);
  }
  await engine.close();
});

/** One file of the log with four groups: the shard, and an entry in each of the others. */
async function shortLog(disk: SimulatedDisk): Promise<{ readonly engine: EmbeddedEngine; readonly shard: ShardRef }> {
  const engine = await openSmallEngine(disk);
  const shard = await makeShard(engine, "a");
  for (const text of ["one", "two", "three"]) await store(engine, shard, text);
  return { engine, shard };
}

test("a group that cannot be read, and of which a later one says that it was acknowledged, refuses the backup", async () => {
  const disk = new SimulatedDisk();
  await shortLog(disk);
  disk.damage("/data/wal/0000000001.wal", flipAt(16_484));
  const message = /group 3 in wal\/0000000001\.wal at byte 16384 was acknowledged and cannot be read/;
  await assert.rejects(backUpLiveDirectory(disk, dataDirectory, target), { kind: "corrupt", message });
  await assert.rejects(disk.list(target), { code: "ENOENT" });
});

test("what a crash cut short is left out, as a server would leave it out", async () => {
  const disk = new SimulatedDisk();
  const { engine, shard } = await shortLog(disk);
  disk.fault = ({ kind }) => (kind === "write" ? "EIO" : undefined);
  await assert.rejects(store(engine, shard, "x".repeat(6_000)), { kind: "indeterminate" });
  const after = disk.crash("keep");
  assert.deepEqual((await backUpLiveDirectory(after, dataDirectory, target)).problems, []);
  assert.deepEqual(await textsIn(after, target), ["one", "two", "three"]);
});

test("damage that does not keep a server from opening is copied, reported, and prevents a restore", async () => {
  const disk = new SimulatedDisk();
  const { engine } = await filled(disk);
  const snapshot = disk.paths().find((path) => path.endsWith(".snapshot")) ?? assert.fail();
  disk.damage(snapshot, flipAt(100));
  await backUpLiveDirectory(disk, dataDirectory, target);
  const isSegment = (path: string): boolean => path.startsWith(target) && path.endsWith(".segment");
  disk.damage(disk.paths().find(isSegment) ?? assert.fail(), flipAt(5_000));
  const { problems } = await restoreDirectory(disk, target, "/restored");
  assert.equal(problems.length, 2, problems.join("\n"));
  assert.match(problems.join("\n"), /record \d+ of log 1 in segments\/\d+\.segment at byte \d+ cannot be read/);
  assert.match(problems.join("\n"), /The snapshot catalog\/\d+\.snapshot is damaged/);
  await assert.rejects(disk.list("/restored"), { code: "ENOENT" });
  await engine.close();
});

test("a finding of an opening is a problem of the backup, which is made", async () => {
  const disk = new SimulatedDisk();
  const { engine } = await filled(disk);
  await engine.close();
  const newest = disk.paths().findLast((path) => path.endsWith(".snapshot")) ?? assert.fail();
  disk.damage(newest, flipAt(100));
  const { problems } = await backUpLiveDirectory(disk, dataDirectory, target);
  assert.match(problems.join("\n"), /^The snapshot catalog\/\d+\.snapshot is damaged \(checksum mismatch\)\. [^\n]*$/);
  assert.deepEqual((await restoreDirectory(disk, target, "/restored")).problems.length, 1);
  const opened = await openSmallEngine(disk, { ...filledOptions, directory: target });
  assert.deepEqual(await readTexts(opened, await makeShard(opened, "a")), filledTexts);
  await opened.close();
});
