import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { ENCRYPTION_OVERHEAD_BYTES, SessionCipher } from "../../../src/cipher/session-cipher.ts";

const rootKey = Buffer.alloc(32, 7);

function cipherOf(options: Partial<ConstructorParameters<typeof SessionCipher>[0]> = {}): SessionCipher {
  return new SessionCipher({ rootKey, session: randomBytes(16), purpose: "test", ...options });
}

test("what was encrypted opens again, in the same session and in a later one", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.uint8Array({ maxLength: 60 }), (clear, bound) => {
      const cipher = cipherOf();
      const encrypted = cipher.encrypt(clear, bound);
      assert.equal(encrypted.length, clear.length + ENCRYPTION_OVERHEAD_BYTES);
      assert.deepEqual(cipher.decrypt(encrypted, bound), Buffer.from(clear));
      assert.deepEqual(cipherOf().decrypt(encrypted, bound), Buffer.from(clear));
    }),
  );
});

test("no bit of encrypted bytes can be changed, and none taken away or added", () => {
  const cipher = cipherOf();
  const bound = Buffer.from("here");
  const encrypted = cipher.encrypt(Buffer.from("twenty clear bytes.."), bound);
  for (let bit = 0; bit < encrypted.length * 8; bit++) {
    const changed = Buffer.from(encrypted);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(cipher.decrypt(changed, bound), undefined, `bit ${bit}`);
  }
  for (let length = 0; length < encrypted.length; length++) {
    assert.equal(cipher.decrypt(encrypted.subarray(0, length), bound), undefined);
  }
  assert.equal(cipher.decrypt(Buffer.concat([encrypted, Buffer.alloc(1)]), bound), undefined);
});

test("encrypted bytes open only with what they were bound to, under their key and for their purpose", () => {
  const encrypted = cipherOf().encrypt(Buffer.from("clear"), Buffer.from("here"));
  assert.equal(cipherOf().decrypt(encrypted, Buffer.from("there")), undefined);
  assert.equal(cipherOf({ rootKey: Buffer.alloc(32, 8) }).decrypt(encrypted, Buffer.from("here")), undefined);
  assert.equal(cipherOf({ purpose: "other" }).decrypt(encrypted, Buffer.from("here")), undefined);
});

test("the same bytes are never encrypted the same way twice, within a session or across two", () => {
  const [one, two] = [cipherOf(), cipherOf()];
  const clear = Buffer.from("the same bytes");
  const seen = new Set<string>();
  for (const cipher of [one, one, one, two, two]) seen.add(cipher.encrypt(clear, Buffer.alloc(0)).toString("hex", 16));
  assert.equal(seen.size, 5);
});

test("bytes of more earlier sessions than are kept ready still open", () => {
  const reader = cipherOf();
  const encrypted = Array.from({ length: 600 }, () => cipherOf().encrypt(Buffer.from("x"), Buffer.alloc(0)));
  for (const bytes of [...encrypted, ...encrypted])
    assert.equal(reader.decrypt(bytes, Buffer.alloc(0))?.toString(), "x");
  assert.equal(reader.decrypt(reader.encrypt(Buffer.from("y"), Buffer.alloc(0)), Buffer.alloc(0))?.toString(), "y");
});
