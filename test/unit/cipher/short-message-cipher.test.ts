import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { ENCRYPTION_OVERHEAD_BYTES, SessionCipher } from "../../../src/cipher/session-cipher.ts";
import { ShortMessageCipher, shortMessageBytesMax } from "../../../src/cipher/short-message-cipher.ts";

const sessionOf = () => new SessionCipher({ rootKey: Buffer.alloc(32, 7), session: randomBytes(16), purpose: "test" });

function encrypt(cipher: ShortMessageCipher, clear: Uint8Array): Buffer {
  const encrypted = Buffer.alloc(clear.length + ENCRYPTION_OVERHEAD_BYTES);
  cipher.encryptInto(encrypted, 0, clear);
  return encrypted;
}

test("node:crypto's AES-256-GCM opens a short message of each length, bound to data of each length", () => {
  for (let boundBytes = 0; boundBytes <= 33; boundBytes++) {
    const session = sessionOf();
    const bound = randomBytes(boundBytes);
    const cipher = new ShortMessageCipher(session, bound);
    for (let length = boundBytes % 3; length <= shortMessageBytesMax; length += 3) {
      const clear = randomBytes(length);
      assert.deepEqual(session.decrypt(encrypt(cipher, clear), bound), clear, `${length} bytes bound to ${boundBytes}`);
    }
  }
  assert.throws(
    () => encrypt(new ShortMessageCipher(sessionOf(), bound), Buffer.alloc(shortMessageBytesMax + 1)),
    /short/,
  );
});

const bound = Buffer.from("bound");

test("fear: two messages of a session get the same counter, and so the same pad", () => {
  const session = sessionOf();
  const [one, other] = [new ShortMessageCipher(session, bound), new ShortMessageCipher(session, bound)];
  const clear = Buffer.alloc(40);
  const texts = new Set<string>();
  const counters = new Set<string>();
  for (let round = 0; round < 100; round++) {
    for (const encrypted of [encrypt(one, clear), session.encrypt(clear, bound), encrypt(other, clear)]) {
      counters.add(encrypted.toString("hex", 16, 24));
      texts.add(encrypted.toString("hex", 24));
    }
  }
  assert.equal(counters.size, 300);
  assert.equal(texts.size, 300);
});

test("fear: a counter beyond 32 bits makes another nonce than the one that is written", () => {
  const session = sessionOf();
  session.takeCounters(2 ** 32 - 40);
  const cipher = new ShortMessageCipher(session, bound);
  for (let i = 0; i < 80; i++) {
    const encrypted = encrypt(cipher, Buffer.of(i));
    assert.equal(encrypted.readBigUInt64BE(16), BigInt(2 ** 32 - 40 + i));
    assert.deepEqual(session.decrypt(encrypted, bound), Buffer.of(i));
  }
});
