import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { rootKeyProviderFor } from "../../../src/app/create-key-provider.ts";
import { EmbeddedEngine } from "../../../src/engine/embedded/embedded-engine.ts";
import { groupHeaderBytes } from "../../../src/engine/embedded/format/commit-group.ts";
import { walHeaderBytes } from "../../../src/engine/embedded/format/wal-file.ts";
import { nodeDisk } from "../../../src/engine/embedded/io/node-disk.ts";
import { LocalKeyProvider } from "../../../src/keys/local-key-provider.ts";
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
  assert.deepEqual(
    [empty.status, empty.err],
    [2, `millrace: ${directory} is not a Millrace data directory: it has no "format" file.\n`],
  );

  const engine = new EmbeddedEngine({ directory, disk: nodeDisk, clock: new SimulatedClock() });
  await engine.open();
  await store(engine, await makeShard(engine, "orders"), "one", "two");
  const inUse = millrace("verify", directory);
  assert.equal(inUse.status, 2);
  await engine.close();

  const whole = millrace("verify", directory);
  assert.equal(whole.status, 0, whole.err);
  assert.match(whole.out, /^no damage: groups 3, .*shardLogs 1/);
  const inspected = millrace("inspect", directory);
  assert.equal(inspected.status, 0, inspected.err);
  assert.equal(JSON.parse(inspected.out).logs[0].streamId, "orders");

  const [wal = ""] = await readdir(join(directory, "wal"));
  const bytes = await readFile(join(directory, "wal", wal));
  const frameAt = walHeaderBytes + groupHeaderBytes;
  bytes.writeUInt8(bytes.readUInt8(frameAt) ^ 1, frameAt);
  await writeFile(join(directory, "wal", wal), bytes);
  const damaged = millrace("verify", directory);
  assert.equal(damaged.status, 1);
  assert.match(damaged.out, /group 1 in wal\/0000000001\.wal at byte 8192 was acknowledged and cannot be read/);
  assert.equal(millrace("inspect", directory).status, 2);
});

test("millrace verify and inspect want one directory", () => {
  for (const command of ["verify", "inspect"]) {
    const { status, err } = millrace(command);
    assert.deepEqual(
      [status, err],
      [
        2,
        `millrace: usage: millrace ${command} DIR, with one data directory, and --keyring FILE or --key-provider kms if it is encrypted\n`,
      ],
    );
  }
});

test("millrace verify and inspect open an encrypted directory whose keyring is named", async (context) => {
  const directory = await mkdtemp(join(tmpdir(), "millrace-verify-"));
  const keyring = `${directory}.keyring`;
  context.after(() => Promise.all([directory, keyring].map((path) => rm(path, { recursive: true, force: true }))));
  const keys = rootKeyProviderFor(new LocalKeyProvider({ file: keyring, nowMs: () => 0 }), "alias/own", {
    account: "000000000000",
    region: "us-east-1",
  });
  const engine = new EmbeddedEngine({ directory, disk: nodeDisk, clock: new SimulatedClock(), keys });
  await engine.open();
  await store(engine, await makeShard(engine, "orders"), "one", "two");
  await engine.close();

  const closed = millrace("verify", directory);
  assert.equal(closed.status, 0, closed.err);
  const hint =
    "encrypted: only checksums were verified; to verify the contents too, give --keyring FILE or --key-provider kms";
  assert.equal(closed.out.split("\n")[0], hint);
  assert.equal(JSON.parse(millrace("inspect", directory).out).logs, null);
  const open = millrace("verify", directory, "--keyring", keyring);
  assert.match(open.out, /^no damage: groups 3, .*shardLogs 1/);
  const inspected = millrace("inspect", "--key-provider", "local", directory);
  assert.equal(JSON.parse(inspected.out).logs[0].streamId, "orders", inspected.err);
  const wrong = millrace("verify", directory, "--keyring", `${keyring}.other`);
  assert.equal(wrong.status, 2);
  assert.match(
    wrong.err,
    /^millrace: The root key of the encrypted data directory .* cannot be unwrapped, so the directory was not opened: The keyring .*\.other does not exist, so data that is encrypted with its keys cannot be read\. Put the file back, or its backup\.\n$/,
  );
  process.env["MILLRACE_KEYRING"] = keyring;
  context.after(() => delete process.env["MILLRACE_KEYRING"]);
  assert.match(millrace("verify", directory).out, /^no damage: groups 3, .*shardLogs 1/);
  const contradicted = millrace("inspect", directory, "--key-provider", "kms");
  const sentence = "millrace: MILLRACE_KEYRING: has no effect unless --key-provider is local\n";
  assert.deepEqual([contradicted.status, contradicted.err], [2, sentence]);
  const mistaken = millrace("verify", directory, "--key-provider", "vault");
  assert.deepEqual([mistaken.status, mistaken.err], [2, 'millrace: --key-provider: "vault" is not local or kms\n']);
});
