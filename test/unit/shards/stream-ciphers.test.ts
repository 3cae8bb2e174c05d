import assert from "node:assert/strict";
import { test } from "node:test";
import type { StreamRevision } from "../../../src/registry/stream-revision.ts";
import { StreamCiphers } from "../../../src/shards/stream-ciphers.ts";
import { encryptUnder } from "../../../src/streams/data-keys.ts";
import { SwitchedKeys } from "../../support/switched-keys.ts";
import { openShardServices } from "./open-shard-services.ts";

const keyUseMs = 5 * 60_000;

async function createKeyProvider() {
  const { room, clock, live: plain, close } = await openShardServices(1);
  const provider = new SwitchedKeys();
  const keys = new StreamCiphers({ provider, registry: room.registry, clock });
  const made = await keys.make(plain.stream, "alias/mine");
  const live = await room.registry.replace(plain, encryptUnder(plain.stream, made, 0));
  return { keys, provider, clock, live, directory: room.registry, close };
}

test("an open key is at hand until it has been used for five minutes, then the provider is asked again", async () => {
  const { keys, provider, clock, live, close } = await createKeyProvider();
  assert.equal(keys.cachedWriteKey(live), undefined);
  const { cipher, keyNumber } = await keys.writeKey(live);
  assert.equal(keyNumber, 1);
  await clock.advance(keyUseMs - 1);
  assert.equal(keys.cachedWriteKey(live)?.cipher, cipher);
  assert.equal(await keys.cipher(live, 1), cipher);
  await clock.advance(1);
  assert.equal(keys.cachedWriteKey(live), undefined);
  assert.notEqual((await keys.writeKey(live)).cipher, cipher, "a cipher that was made again has a session of its own");
  assert.equal(provider.openCount, 2);
  await close();
});

test("every cipher of a key opens what the others sealed, and no two seal with the same nonce", async () => {
  const { keys, clock, live, close } = await createKeyProvider();
  const bound = Buffer.from("here");
  const sealed: Buffer[] = [];
  for (let i = 0; i < 4; i++) {
    const { cipher } = await keys.writeKey(live);
    for (const clear of ["a", "b"]) sealed.push(cipher.encrypt(Buffer.from(clear), bound));
    await clock.advance(keyUseMs);
  }
  const { cipher } = await keys.writeKey(live);
  assert.equal(sealed.map((each) => cipher.decrypt(each, bound)?.toString()).join(""), "abababab");
  assert.equal(new Set(sealed.map((each) => each.toString("hex", 0, 24))).size, sealed.length);
  await close();
});

test("a refusal holds for a second, so that a storm of requests asks once, and is told until it is over", async () => {
  const { keys, provider, clock, live, close } = await createKeyProvider();
  provider.refusal = "disabled";
  for (let i = 0; i < 10; i++) await assert.rejects(keys.writeKey(live), /the key is disabled/);
  assert.equal(provider.openCount, 1);
  assert.deepEqual(keys.faults(), ["a data key of stream orders cannot be used: the key is disabled"]);
  provider.refusal = undefined;
  await clock.advance(1_000);
  await keys.writeKey(live);
  assert.deepEqual(keys.faults(), []);
  await close();
});

test("a reader that began before a key was made finds it", async () => {
  const { keys, live, directory, close } = await createKeyProvider();
  const made = await keys.make(live.stream, "alias/other");
  await directory.replace(live, encryptUnder(live.stream, made, 1));
  await keys.cipher(live, 2);
  await close();
});

test("a sweep forgets keys that are no longer used, and all of a stream that is gone", async () => {
  const { keys, provider, clock, live, directory, close } = await createKeyProvider();
  const ask = async (of: StreamRevision): Promise<number> => {
    await keys.writeKey(of);
    return provider.openCount;
  };
  assert.equal(await ask(live), 1);
  keys.sweep();
  assert.equal(await ask(live), 1);
  provider.refusal = "not_found";
  await clock.advance(keyUseMs);
  await assert.rejects(keys.writeKey(live));
  assert.equal(keys.faults().length, 1);
  await directory.remove(live);
  keys.sweep();
  assert.deepEqual(keys.faults(), []);
  await assert.rejects(keys.cipher(live, 1), /The stream is gone/);
  await close();
});
