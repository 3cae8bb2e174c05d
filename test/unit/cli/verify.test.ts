import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { EmbeddedEngine } from "../../../src/engine/embedded/embedded-engine.ts";
import { nodeDisk } from "../../../src/engine/embedded/node-disk.ts";
import { makeShard, store } from "../../support/embedded-engine.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";

const cli = fileURLToPath(new URL("../../../src/cli/cli.ts", import.meta.url));

function millrace(...args: readonly string[]): {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}

test("millrace verify tells by its exit code whether a directory is whole, and millrace inspect what is in it", async (context) => {
  const directory = await mkdtemp(join(tmpdir(), "millrace-verify-"));
  context.after(() => rm(directory, { recursive: true }));
  const empty = millrace("verify", directory);
  assert.deepEqual([empty.status, empty.err], [2, `millrace: ${directory} is not a Millrace data directory.\n`]);

  const engine = new EmbeddedEngine({ directory, disk: nodeDisk, clock: new SimulatedClock() });
  await engine.open();
  await store(engine, await makeShard(engine, "orders"), "one", "two");
  const inUse = millrace("verify", directory);
  assert.equal(inUse.status, 2);
  await engine.close();

  const whole = millrace("verify", directory);
  assert.equal(whole.status, 0, whole.err);
  assert.match(whole.out, /^whole: groups 3, .*shardLogs 1/);
  const inspected = millrace("inspect", directory);
  assert.equal(inspected.status, 0, inspected.err);
  assert.equal(JSON.parse(inspected.out).logs[0].streamId, "orders");

  const [wal = ""] = await readdir(join(directory, "wal"));
  const bytes = await readFile(join(directory, "wal", wal));
  bytes.writeUInt8(bytes.readUInt8(8192 + 70) ^ 1, 8192 + 70);
  await writeFile(join(directory, "wal", wal), bytes);
  const damaged = millrace("verify", directory);
  assert.equal(damaged.status, 1);
  assert.match(damaged.out, /group 1 in wal\/0000000001\.wal at byte 8192 was acknowledged and cannot be read/);
  assert.equal(millrace("inspect", directory).status, 2);
});

test("millrace verify and inspect want one directory", () => {
  for (const command of ["verify", "inspect"]) {
    const { status, err } = millrace(command);
    assert.deepEqual([status, err], [2, `millrace: ${command} takes one data directory\n`]);
  }
});
