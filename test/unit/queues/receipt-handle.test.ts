import assert from "node:assert/strict";
import { test } from "node:test";
import { handleAt, ReceiptHandleCipher } from "../../../src/queues/receipt-handle.ts";

const secret = new Uint8Array(32).fill(7);
const positions = [1, 2 ** 32 - 1, 2 ** 47 + 12_345];
const shardIndexes = [0, 1, 2 ** 32 - 1];
const nonces = [1, 77, 2 ** 32 - 1];

function cipher(queueId = "a", epoch = 5): ReceiptHandleCipher {
  return new ReceiptHandleCipher(secret, queueId, epoch);
}

function handlesOf(isDead = false): readonly string[] {
  return encryptedBy(cipher(), isDead);
}

function encryptedBy(made: ReceiptHandleCipher, isDead: boolean): readonly string[] {
  for (const [i, position] of positions.entries()) made.add(shardIndexes[i] ?? 0, position, nonces[i] ?? 0, isDead);
  const texts = made.encryptAdded();
  return positions.map((_, i) => handleAt(texts, i));
}

test("a receipt handle says what it was made of, and whether it is of this epoch", () => {
  for (const isDead of [false, true]) {
    for (const epoch of [5, 6]) {
      const deliveries = cipher("a", epoch).decrypt(handlesOf(isDead));
      const expected = positions.map((position, i) => {
        return { shardIndex: shardIndexes[i], position, isDead, isOfThisEpoch: epoch === 5, nonce: nonces[i] };
      });
      assert.deepEqual(deliveries, expected);
    }
  }
});

test("receipt handles are text of 44 characters of which no two are alike", () => {
  const handles = [...handlesOf(), ...handlesOf(true)];
  assert.equal(new Set(handles).size, handles.length);
  for (const handle of handles) assert.match(handle, /^[\w-]{44}$/);
});

test("a text that is no receipt handle of the queue is none beside others that are", () => {
  const [first = "", second = "", third = ""] = handlesOf();
  const changed = (at: number) => `${first.slice(0, at)}${first[at] === "A" ? "B" : "A"}${first.slice(at + 1)}`;
  const wrong = ["", "x", first.slice(1), `${first}A`, first.replace(/^./, "!"), first.replace(/^./, "é"), changed(43)];
  for (let at = 0; at < 43; at += 1) wrong.push(changed(at));
  // Halves of two handles.
  wrong.push(`${first.slice(0, 20)}${second.slice(20)}`);
  for (const text of wrong) {
    const [before, none, after] = cipher().decrypt([second, text, third]);
    assert.equal(none, undefined, text);
    assert.equal(before?.position, positions[1]);
    assert.equal(after?.position, positions[2]);
    assert.deepEqual(cipher().decrypt([text]), [undefined]);
  }
  assert.deepEqual(cipher("b").decrypt(handlesOf()), [undefined, undefined, undefined]);
});

test("a call without receipt handles has no deliveries", () => {
  assert.deepEqual(cipher().decrypt([]), []);
});

test("handles that are made together are those that are made one by one, however many they are", () => {
  const together = cipher();
  const count = 1_000;
  for (let i = 0; i < count; i += 1) together.add(i, i * 7, i + 1, i % 2 === 1);
  assert.equal(together.addedCount, count);
  const texts = together.encryptAdded();
  assert.equal(together.addedCount, 0);
  for (let i = 0; i < count; i += 1) {
    const alone = cipher();
    alone.add(i, i * 7, i + 1, i % 2 === 1);
    assert.equal(handleAt(texts, i), alone.encryptAdded());
  }
});
