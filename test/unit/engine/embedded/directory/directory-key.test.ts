import assert from "node:assert/strict";
import { test } from "node:test";
import { countedBytes, masterKey } from "../../../../support/directory-keys.ts";
import { makeShard, openSmallEngine, readTexts, smallEngine, store } from "../../../../support/embedded-engine.ts";
import { SimulatedDisk } from "../../../../support/simulated-disk.ts";

const path = "/data/directory.key";
const keys = masterKey("first");
const encrypted = { keys, randomBytes: countedBytes() };

async function encryptedDirectory(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, encrypted);
  await store(engine, await makeShard(engine), "text");
  await engine.close();
  return disk.crash("lose");
}

async function refused(disk: SimulatedDisk, options: Parameters<typeof smallEngine>[1], expected: object) {
  const files = () => disk.paths().map((name) => [name, disk.bytesOf(name).toString("hex")]);
  const before = files();
  await assert.rejects(smallEngine(disk, options).open(), { name: "DataDirectoryError", ...expected });
  assert.deepEqual(files(), before, "a refused directory stays as it is");
  await (await disk.lock("/data")).release();
}

test("an encrypted directory opens with its master key again and again", async () => {
  const disk = await encryptedDirectory();
  for (let round = 0; round < 3; round++) {
    const engine = await openSmallEngine(disk, encrypted);
    const shard = await makeShard(engine);
    await store(engine, shard, `round ${round}`);
    const texts = ["text", "round 0", "round 1", "round 2"].slice(0, round + 2);
    assert.deepEqual(await readTexts(engine, shard), texts);
    assert.deepEqual((await engine.health()).degraded, []);
    await engine.close();
  }
});

test("an encrypted directory is refused without keys, in one sentence", async () => {
  await refused(
    await encryptedDirectory(),
    {},
    {
      reason: "encrypted",
      message:
        "The data directory /data is encrypted, and no key was given. Nothing was changed. Start with --encrypt-at-rest and the keyring or KMS key of this directory.",
    },
  );
});

test("an encrypted directory is refused with another master key, in the words of its key provider", async () => {
  await refused(
    await encryptedDirectory(),
    { keys: masterKey("second") },
    {
      reason: "key",
      message:
        "The root key of the encrypted data directory /data cannot be unwrapped, so the directory was not opened: The master key second did not wrap this key.",
    },
  );
});

test("a provider that opens another key than the directory's is not believed", async () => {
  const lying = { ...keys, open: async () => Buffer.alloc(32, "another") };
  await refused(
    await encryptedDirectory(),
    { keys: lying },
    {
      reason: "key",
      message:
        "The master key unwraps another root key than the one that encrypts the data directory /data, so it was not opened. Nothing was changed. Start with the keyring or KMS key of this directory.",
    },
  );
});

test("a plain directory does not become an encrypted one", async () => {
  const disk = new SimulatedDisk();
  await (await openSmallEngine(disk)).close();
  await refused(
    disk,
    { keys },
    {
      reason: "plain",
      message:
        "The data directory /data is not encrypted, and an existing directory cannot be encrypted. Nothing was changed. Start without --encrypt-at-rest, or use --encrypt-at-rest with a new --data-dir.",
    },
  );
});

test("a master key that cannot be had when a directory is made leaves nothing behind but an empty directory", async () => {
  const disk = new SimulatedDisk();
  const failing = {
    ...keys,
    make: async () => {
      throw new Error("Access denied.");
    },
  };
  await assert.rejects(smallEngine(disk, { keys: failing }).open(), {
    reason: "key",
    message:
      "The root key of the encrypted data directory /data cannot be created, so the directory was not opened: Access denied.",
  });
  assert.deepEqual(disk.paths(), []);
  await (await openSmallEngine(disk)).close();
});

test("one damaged copy of the key is told, and mended; two are refused, and so is a missing file", async () => {
  const whole = await encryptedDirectory();
  const bytes = whole.bytesOf(path);
  for (const half of [0, 1]) {
    const disk = whole.crash("lose");
    disk.damage(path, (file) => file.fill(0, half * 4096 + 40, half * 4096 + 50));
    const engine = await openSmallEngine(disk, encrypted);
    assert.deepEqual(await readTexts(engine, await makeShard(engine)), ["text"]);
    assert.match((await engine.health()).degraded[0] ?? "", /^One of the two copies in directory\.key is damaged/);
    await engine.close();
    assert(disk.bytesOf(path).equals(bytes), "both copies are whole again");
    assert(disk.paths().includes(`/data/damage/directory.key-${half === 0 ? "00000000" : "00004096"}.txt`));
  }
  const damaged = whole.crash("lose");
  damaged.damage(path, (file) => file.fill(0, 40, 50).fill(0, 4096 + 40, 4096 + 50));
  await refused(damaged, encrypted, {
    reason: "unreadable",
    message:
      "The key file /data/directory.key is damaged in both copies (checksum mismatch): the data directory cannot be decrypted without it. Restore this file from a backup of the same directory.",
  });
  const missing = whole.crash("lose");
  missing.lose(path);
  await refused(missing, encrypted, { reason: "unreadable", message: /directory\.key is missing/ });
});

test("the key file of another directory opens nothing here", async () => {
  const disk = await encryptedDirectory();
  const other = await encryptedDirectory();
  disk.damage(path, () => other.bytesOf(path));
  await refused(disk, encrypted, { reason: "unreadable" });
});

test("a start that died between the key and the format begins again", async () => {
  for (const name of ["directory.key", "directory.key.tmp"]) {
    const disk = new SimulatedDisk();
    await disk.makeDirectory("/data");
    disk.place(`/data/${name}`, Buffer.from("of the start that died"));
    const engine = await openSmallEngine(disk, encrypted);
    await store(engine, await makeShard(engine), "text");
    await engine.close();
    assert.deepEqual(
      await readTexts(await openSmallEngine(disk, encrypted), { streamId: "s", shardIndex: 0, placement: { log: 1 } }),
      ["text"],
    );
  }
});
