import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTick } from "node:timers/promises";
import type { StreamRevision } from "../../../src/registry/stream-revision.ts";
import { StreamCiphers } from "../../../src/shards/stream-ciphers.ts";
import { startEncrypting } from "../../../src/streams/data-keys.ts";
import { collectGarbage } from "../../support/retained-bytes.ts";
import { SwitchedKeys } from "../../support/switched-keys.ts";
import { openShardServices } from "./open-shard-services.ts";

const keyUseMs = 5 * 60_000;

async function createKeyProvider() {
  const { services, clock, revision: plain, close } = await openShardServices(1);
  const provider = new SwitchedKeys();
  const keys = new StreamCiphers({ provider, registry: services.registry, clock });
  const made = await keys.make(plain.stream, "alias/mine");
  const revision = await services.registry.replace(plain, startEncrypting(plain.stream, made, 0));
  return { keys, provider, clock, revision, directory: services.registry, close };
}

test("an unwrapped key is in memory until it has been used for five minutes, then the provider is asked again", async () => {
  const { keys, provider, clock, revision, close } = await createKeyProvider();
  assert.equal(keys.cachedWriteKey(revision), undefined);
  const { cipher, keyNumber } = await keys.writeKey(revision);
  assert.equal(keyNumber, 1);
  await clock.advance(keyUseMs - 1);
  assert.equal(keys.cachedWriteKey(revision)?.cipher, cipher);
  assert.equal(await keys.cipher(revision, 1), cipher);
  await clock.advance(1);
  assert.equal(keys.cachedWriteKey(revision), undefined);
  assert.notEqual(
    (await keys.writeKey(revision)).cipher,
    cipher,
    "a cipher that was made again has a session of its own",
  );
  assert.equal(provider.openCount, 2);
  await close();
});

test("every cipher of a key decrypts what the others encrypted, and no two encrypt with the same nonce", async () => {
  const { keys, clock, revision, close } = await createKeyProvider();
  const bound = Buffer.from("here");
  const encrypted: Buffer[] = [];
  for (let i = 0; i < 4; i++) {
    const { cipher } = await keys.writeKey(revision);
    for (const plain of ["a", "b"]) encrypted.push(cipher.encrypt(Buffer.from(plain), bound));
    await clock.advance(keyUseMs);
  }
  const { cipher } = await keys.writeKey(revision);
  assert.equal(encrypted.map((each) => cipher.decrypt(each, bound)?.toString()).join(""), "abababab");
  assert.equal(new Set(encrypted.map((each) => each.toString("hex", 0, 24))).size, encrypted.length);
  await close();
});

test("a refusal holds for a second, so that a storm of requests asks once, and is reported until it is over", async () => {
  const { keys, provider, clock, revision, close } = await createKeyProvider();
  provider.refusal = "disabled";
  for (let i = 0; i < 10; i++) await assert.rejects(keys.writeKey(revision), /the key is disabled/);
  assert.equal(provider.openCount, 1);
  assert.deepEqual(keys.faults(), ["a data key of stream orders cannot be used: the key is disabled"]);
  provider.refusal = undefined;
  await clock.advance(1_000);
  await keys.writeKey(revision);
  assert.deepEqual(keys.faults(), []);
  await close();
});

test("a reader that began before a key was made finds it", async () => {
  const { keys, revision, directory, close } = await createKeyProvider();
  const made = await keys.make(revision.stream, "alias/other");
  await directory.replace(revision, startEncrypting(revision.stream, made, 1));
  await keys.cipher(revision, 2);
  await close();
});

test("a sweep forgets keys that are no longer used, and all of a stream that is gone", async () => {
  const { keys, provider, clock, revision, directory, close } = await createKeyProvider();
  const ask = async (of: StreamRevision): Promise<number> => {
    await keys.writeKey(of);
    return provider.openCount;
  };
  assert.equal(await ask(revision), 1);
  keys.sweep();
  assert.equal(await ask(revision), 1);
  provider.refusal = "not_found";
  await clock.advance(keyUseMs);
  await assert.rejects(keys.writeKey(revision));
  assert.equal(keys.faults().length, 1);
  await directory.remove(revision);
  keys.sweep();
  assert.deepEqual(keys.faults(), []);
  await assert.rejects(keys.cipher(revision, 1), /The stream is gone/);
  await close();
});

test("fear: a key in memory keeps the shards of the revision that it was unwrapped for", async () => {
  /** A function of its own, because the variables of a test live until its end. */
  async function useAndReplace() {
    const { keys, provider, clock, revision, directory, close } = await createKeyProvider();
    await keys.writeKey(revision);
    provider.refusal = "disabled";
    await clock.advance(keyUseMs);
    await assert.rejects(keys.writeKey(revision));
    const next = await directory.replace(revision, { ...revision.stream, retentionHours: 48 });
    return { old: new WeakRef(revision), next, keys, close };
  }
  const { old, next, keys, close } = await useAndReplace();
  await nextTick();
  collectGarbage();
  assert.equal(old.deref(), undefined);
  assert.equal(keys.faults().length, 1);
  assert.equal(next.stream.retentionHours, 48);
  await close();
});
