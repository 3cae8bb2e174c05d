// `millrace verify` and `millrace inspect` read a directory that they cannot write to: a read-only mount where this machine
// and this user may make one, and files without write permission.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { EmbeddedEngine } from "../../../src/engine/embedded/embedded-engine.ts";
import { nodeDisk } from "../../../src/engine/embedded/io/node-disk.ts";
import { inspectDirectory } from "../../../src/engine/embedded/offline/inspect-directory.ts";
import { verifyDirectory } from "../../../src/engine/embedded/offline/verify-directory.ts";
import { systemClock } from "../../../src/time/system-clock.ts";
import { makeShard, store } from "../../support/embedded-engine.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-read-only-"));
const directory = join(root, "data");
const mountPoint = join(root, "mounted");
let isMounted = false;
process.on("exit", () => {
  if (isMounted) mount("umount", mountPoint);
  rmSync(root, { recursive: true, force: true });
});

function mount(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

function engineAt(path: string): EmbeddedEngine {
  return new EmbeddedEngine({ directory: path, disk: nodeDisk, clock: systemClock, diskBudgetBytes: 64 * 1024 * 1024 });
}

/** Names and times of change of everything in the directory. */
function entriesOf(path: string): readonly string[] {
  const names = readdirSync(path, { recursive: true, encoding: "utf8" }).sort();
  return ["", ...names].map((name) => `${name} ${statSync(join(path, name)).mtimeMs}`);
}

test("verify and inspect change nothing, and need no file that can be written", async (t) => {
  const engine = engineAt(directory);
  await engine.open();
  await store(engine, await makeShard(engine), "one", "two");
  await assert.rejects(verifyDirectory(nodeDisk, directory), { reason: "locked" });
  await engine.close();
  mkdirSync(mountPoint);
  isMounted = mount("mount", "--bind", directory, mountPoint) && mount("mount", "-o", "remount,ro,bind", mountPoint);
  t.diagnostic(isMounted ? "a read-only mount" : "not run: this user may not mount");
  for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    if (statSync(join(directory, name)).isFile()) chmodSync(join(directory, name), 0o400);
  }
  const before = entriesOf(directory);
  for (const path of isMounted ? [directory, mountPoint] : [directory]) {
    const { problems, counts, isLocked } = await verifyDirectory(nodeDisk, path);
    assert.deepEqual([problems, counts.shardLogs, isLocked], [[], 1, true], path);
    const { logs } = JSON.parse(JSON.stringify(await inspectDirectory(nodeDisk, path)));
    assert.equal(logs[0].tip, 3, path);
  }
  assert.deepEqual(entriesOf(directory), before);
  rmSync(join(directory, "lock.held"));
  const unlocked = await verifyDirectory(nodeDisk, isMounted ? mountPoint : directory);
  assert.deepEqual([unlocked.problems, unlocked.isLocked], [[], false], "without lock.held, and it says so");
});

test("a server that has the directory open elsewhere is noticed through a read-only mount", async (t) => {
  if (!isMounted) return t.diagnostic("not run: this user may not mount");
  for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    if (statSync(join(directory, name)).isFile()) chmodSync(join(directory, name), 0o600);
  }
  const engine = engineAt(directory);
  await engine.open();
  try {
    await assert.rejects(verifyDirectory(nodeDisk, mountPoint), { reason: "locked" });
    await assert.rejects(inspectDirectory(nodeDisk, mountPoint), { reason: "locked" });
  } finally {
    await engine.close();
  }
});
