import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { SEALED_OVERHEAD_BYTES, SessionCipher } from "../../../src/cipher/session-cipher.ts";

const rootKey = Buffer.alloc(32, 7);

function cipherOf(options: Partial<ConstructorParameters<typeof SessionCipher>[0]> = {}): SessionCipher {
  return new SessionCipher({ rootKey, session: randomBytes(16), purpose: "test", ...options });
}

test("what was sealed opens again, in the same session and in a later one", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.uint8Array({ maxLength: 60 }), (clear, bound) => {
      const cipher = cipherOf();
      const sealed = cipher.seal(clear, bound);
      assert.equal(sealed.length, clear.length + SEALED_OVERHEAD_BYTES);
      assert.deepEqual(cipher.open(sealed, bound), Buffer.from(clear));
      assert.deepEqual(cipherOf().open(sealed, bound), Buffer.from(clear));
    }),
  );
});

test("no bit of sealed bytes can be changed, and none taken away or added", () => {
  const cipher = cipherOf();
  const bound = Buffer.from("here");
  const sealed = cipher.seal(Buffer.from("twenty clear bytes.."), bound);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Buffer.from(sealed);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(cipher.open(changed, bound), undefined, `bit ${bit}`);
  }
  for (let length = 0; length < sealed.length; length++) {
    assert.equal(cipher.open(sealed.subarray(0, length), bound), undefined);
  }
  assert.equal(cipher.open(Buffer.concat([sealed, Buffer.alloc(1)]), bound), undefined);
});

test("sealed bytes open only with what they were bound to, under their key and for their purpose", () => {
  const sealed = cipherOf().seal(Buffer.from("clear"), Buffer.from("here"));
  assert.equal(cipherOf().open(sealed, Buffer.from("there")), undefined);
  assert.equal(cipherOf({ rootKey: Buffer.alloc(32, 8) }).open(sealed, Buffer.from("here")), undefined);
  assert.equal(cipherOf({ purpose: "other" }).open(sealed, Buffer.from("here")), undefined);
});

test("the same bytes are never sealed the same way twice, within a session or across two", () => {
  const [one, two] = [cipherOf(), cipherOf()];
  const clear = Buffer.from("the same bytes");
  const seen = new Set<string>();
  for (const cipher of [one, one, one, two, two]) seen.add(cipher.seal(clear, Buffer.alloc(0)).toString("hex", 16));
  assert.equal(seen.size, 5);
});

test("bytes of more earlier sessions than are kept ready still open", () => {
  const reader = cipherOf();
  const sealed = Array.from({ length: 600 }, () => cipherOf().seal(Buffer.from("x"), Buffer.alloc(0)));
  for (const bytes of [...sealed, ...sealed]) assert.equal(reader.open(bytes, Buffer.alloc(0))?.toString(), "x");
  assert.equal(reader.open(reader.seal(Buffer.from("y"), Buffer.alloc(0)), Buffer.alloc(0))?.toString(), "y");
});
