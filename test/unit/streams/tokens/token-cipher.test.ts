import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { TokenCipher } from "../../../../src/streams/tokens/token-cipher.ts";
import { costOfSizes, growsFasterThanSize } from "../../../support/growth-of-cost.ts";

const tokenKey = Buffer.alloc(32, 7);
const cipherOf = (boot: number, key: Uint8Array = tokenKey) =>
  new TokenCipher({ tokenKey: key, bootId: Buffer.alloc(16, boot) });

test("a token has the outline of AWS's", () => {
  for (const payloadBytes of [0, 1, 101, 102, 117, 118, 300]) {
    const token = Buffer.from(cipherOf(1).encrypt("iterator", Buffer.alloc(payloadBytes)), "base64");
    assert.equal(token.subarray(0, 8).toString("hex"), "0000000000000001");
    assert.equal((token.length - 152) % 16, 0);
    assert.ok(token.length >= 152 && token.length <= 152 + Math.max(0, payloadBytes - 101) + 15);
  }
});

test("any payload comes back, under the same kind only, also after a restart", () => {
  const cipher = cipherOf(1);
  const restarted = cipherOf(2);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (payload) => {
      const token = cipher.encrypt("shards", payload);
      assert.deepEqual(Buffer.from(restarted.decrypt("shards", token) ?? []), Buffer.from(payload));
      assert.equal(cipher.decrypt("iterator", token), undefined);
    }),
    { numRuns: 30 },
  );
});

test("two tokens of the same payload differ", () => {
  const cipher = cipherOf(1);
  assert.notEqual(cipher.encrypt("iterator", Buffer.of(1)), cipher.encrypt("iterator", Buffer.of(1)));
});

test("extra double quotes around a token do no harm", () => {
  const cipher = cipherOf(1);
  assert.deepEqual(
    Buffer.from(cipher.decrypt("iterator", `"${cipher.encrypt("iterator", Buffer.of(9))}"`) ?? []),
    Buffer.of(9),
  );
});

test("a token that was changed, cut or made elsewhere does not open", () => {
  const cipher = cipherOf(1);
  const token = cipher.encrypt("iterator", Buffer.from("payload"));
  const bytes = Buffer.from(token, "base64");
  for (let i = 0; i < bytes.length; i += 1) {
    const changed = Buffer.from(bytes);
    changed[i] = (changed[i] ?? 0) ^ 1;
    assert.equal(cipher.decrypt("iterator", changed.toString("base64")), undefined, `byte ${i}`);
  }
  const foreign = cipherOf(1, Buffer.alloc(32, 8)).encrypt("iterator", Buffer.from("payload"));
  for (const text of [
    foreign,
    "",
    '"',
    "garbage",
    "=".repeat(200),
    token.slice(0, -4),
    `${token}AAAA`,
    ` ${token}`,
    token.replaceAll("A", "-"),
    Buffer.alloc(152).toString("base64"),
  ]) {
    assert.equal(cipher.decrypt("iterator", text), undefined, text);
  }
});

test("made-up boot ids do not fill the memory or push out good tokens", () => {
  const cipher = cipherOf(1);
  const token = cipher.encrypt("iterator", Buffer.of(5));
  for (let i = 0; i < 200; i += 1) {
    const forged = Buffer.from(token, "base64");
    forged.writeUInt32BE(i, 8);
    assert.equal(cipher.decrypt("iterator", forged.toString("base64")), undefined);
  }
  assert.deepEqual(Buffer.from(cipher.decrypt("iterator", token) ?? []), Buffer.of(5));
});

test("100,000 quotes as a token cost no more than looking at their number", async () => {
  const cipher = cipherOf(1);
  for (const unit of ['"', '"A', "AAAA", "="]) {
    const cost = await costOfSizes(100_000, (size) => cipher.decrypt("shards", `A${unit.repeat(size / unit.length)}A`));
    assert(!growsFasterThanSize(cost), `${unit}: ${JSON.stringify(cost)}`);
  }
});

test("a token of the largest payload opens, also in quotes, and a larger one is not made", () => {
  const cipher = cipherOf(1);
  const payload = Buffer.alloc(4096, 7);
  assert.deepEqual(Buffer.from(cipher.decrypt("shards", `""${cipher.encrypt("shards", payload)}""`) ?? []), payload);
  assert.throws(() => cipher.encrypt("shards", Buffer.alloc(4097)), /short/);
});
