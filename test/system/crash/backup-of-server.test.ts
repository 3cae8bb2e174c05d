// The commands as users run them: backups of a server that is being written to, whose log is sealed meanwhile.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { KinesisConnection } from "../../support/kinesis-connection.ts";
import { streamName, Writer } from "../../support/load-actors.ts";
import { type ReadRecord, RecordHistory } from "../../support/record-history.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { ServerProcess } from "../../support/start-server.ts";
import { listShards, settled } from "../../support/stream-changer.ts";
import { readShard } from "./kill-nine.ts";

const root = join(import.meta.dirname, "../../..");
const writerCount = 4;
/** About 8 KiB each: enough for a file of the log to be sealed before, and for more while a backup is made. */
const callsBefore = 480;
const callsMeanwhile = 120;
/** Files of the log are an eighth of it, and sealed from the second on. */
const smallLog = ["--disk-budget", "32MiB"];

async function millrace(...args: readonly string[]) {
  const child = spawn(process.execPath, ["src/cli/cli.ts", ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const [[code], out, err] = await Promise.all([once(child, "exit"), text(child.stdout), text(child.stderr)]);
  return { code, out, err };
}

async function seeWhole(server: ServerProcess, history: RecordHistory): Promise<void> {
  const connection = new KinesisConnection(server.endpoint);
  try {
    const shards = new Map<string, readonly ReadRecord[]>();
    for (const { ShardId } of await listShards(connection, streamName)) {
      shards.set(ShardId, await readShard(connection, ShardId));
    }
    history.seeWhole(shards);
  } finally {
    connection.close();
  }
}

test("backups of a server under load restore to all that it had acknowledged, and can be written on", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-backup-"));
  t.after(() => rm(folder, { recursive: true }));
  const seed = Date.now() % 2 ** 32;
  t.diagnostic(`seed ${seed}`);
  const random = new SeededRandom(seed);
  const history = new RecordHistory();
  const writers = Array.from({ length: writerCount }, (_, index) => new Writer(index, random.fork(), history));
  await using server = await ServerProcess.start({ args: smallLog });
  const connection = new KinesisConnection(server.endpoint);
  await connection.call("CreateStream", { StreamName: streamName, ShardCount: 3 });
  assert.equal(await settled(connection, streamName), "ACTIVE");
  connection.close();
  const load = (callCount: number) => Promise.all(writers.map((writer) => writer.write(server.endpoint, callCount)));
  await load(callsBefore);

  const backups: { readonly path: string; readonly promised: RecordHistory; readonly line: string }[] = [];
  for (const name of ["first", "second"]) {
    const path = join(folder, name);
    const promised = history.fork();
    const [{ code, out, err }] = await Promise.all([
      millrace("backup", path, "--data-dir", server.dataDir),
      load(callsMeanwhile),
    ]);
    assert.deepEqual([code, err], [0, ""], `${out}${err}`);
    assert.match(out, /^backed up: lastLsn \d+, walFiles \d+, segments \d+, linkedSegments \d+, bytes \d+\n$/);
    backups.push({ path, promised, line: out.trim() });
  }
  assert.doesNotMatch(backups.at(-1)?.line ?? "", /segments 0/, "the log was sealed meanwhile");
  const { code, err } = await millrace("backup", backups[0]?.path ?? "", "--data-dir", server.dataDir);
  assert.equal(code, 2);
  assert.match(err, /already contains a data directory/);
  await server.kill("SIGKILL");

  for (const { path, promised, line } of backups) {
    const restored = `${path} restored`;
    const { code: exitCode, out } = await millrace("restore", path, "--data-dir", restored);
    assert.equal(exitCode, 0, out);
    t.diagnostic(`${line}; ${promised.promisedCount} records promised before; ${out.trim()}`);
    await using again = await ServerProcess.start({ dataDir: restored, args: smallLog });
    await new Writer(writerCount, random.fork(), promised).write(again.endpoint, 10);
    await seeWhole(again, promised);
    assert.deepEqual(await again.kill("SIGTERM"), { code: 0, signal: null });
    assert.equal((await millrace("verify", restored)).code, 0);
  }
});

test("a backup that was killed is no data directory, and the server does not mind", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-backup-"));
  t.after(() => rm(folder, { recursive: true }));
  await using server = await ServerProcess.start({ args: ["--stream", `${streamName}:2`] });
  const history = new RecordHistory();
  const writer = new Writer(0, new SeededRandom(1), history);
  await writer.write(server.endpoint, 20);
  const path = join(folder, "backup");
  const arguments_ = ["src/cli/cli.ts", "backup", path, "--data-dir", server.dataDir];
  const child = spawn(process.execPath, arguments_, { cwd: root, stdio: "ignore" });
  const exited = once(child, "exit");
  // Whenever it comes: before the first file, between two, or when all is done.
  while (!existsSync(path) && child.exitCode === null) await writer.write(server.endpoint, 1);
  child.kill("SIGKILL");
  await exited;
  const { code, out, err } = await millrace("verify", path);
  if (existsSync(join(path, "format"))) assert.equal(code, 0, out);
  else assert.match(err, /is not a Millrace data directory/);
  await writer.write(server.endpoint, 5);
  await seeWhole(server, history);
});

test("millrace backup and restore print their usage for any other arguments", async () => {
  for (const [command, usage] of [
    ["backup", "millrace backup TARGET [--data-dir DIR], with one TARGET that is empty or absent"],
    ["restore", "millrace restore BACKUP [--data-dir DIR], with one BACKUP and a DIR that is empty or absent"],
  ] as const) {
    for (const args of [[], ["a", "b"], ["a", "--directory", "b"], ["a", "--data-dir"], [""]]) {
      const { code, err } = await millrace(command, ...args);
      assert.deepEqual([code, err], [2, `millrace: usage: ${usage}\n`]);
    }
  }
});
