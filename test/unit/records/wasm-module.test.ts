import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { wasmModule } from "../../../src/records/wasm-module.ts";
import { parseExplicitHashKey } from "../../../src/streams/hash-keys/hash-key.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const lengthMax = 4_096;
const wasm = wasmModule();
assert.ok(wasm, "this machine runs the WebAssembly module");
const { calls, memory, allocator } = wasm;
const lease = allocator.take(64 * 1024);
assert.ok(lease);
const start = lease.at;
const target = start + 48 * 1024;

const random = new SeededRandom(1);
const rubbish = Buffer.from(Array.from({ length: 3 * lengthMax }, () => random.integer(0, 255)));

/** Puts a text between other bytes, with the zero byte behind it that every text has. */
function place(text: string, before: number): number {
  rubbish.copy(memory, start);
  const at = start + before;
  const end = at + memory.write(text, at, "latin1");
  memory[end] = 0;
  return at;
}

function words(count: number): string {
  return Array.from({ length: count }, (_, i) =>
    memory
      .readUInt32LE(target + 4 * i)
      .toString(16)
      .padStart(8, "0"),
  ).join("");
}

test("base64 of every length up to 4,096 bytes is decoded as Node decodes it, over itself or elsewhere", () => {
  const elsewhere = start + 16 * 1024;
  for (let length = 0; length <= lengthMax; length += 1) {
    const bytes = rubbish.subarray(length, 2 * length);
    const text = `${bytes.toString("base64")}"`;
    for (const isOverItself of [true, false]) {
      const at = place(text, length & 63);
      const out = isOverItself ? at : elsewhere + (length & 31);
      const end = calls.decodeBase64(at, out);
      assert.equal(end, at + Math.ceil(length / 3) * 4);
      assert.equal(memory[end], 0x22);
      assert.equal(calls.decodedEnd.value, out + length);
      assert.deepEqual(memory.subarray(out, out + length), bytes);
      if (!isOverItself) assert.equal(memory.toString("latin1", at, end + 1), text);
    }
  }
});

test("bytes of every length up to 4,096 become base64 as Node writes it, wherever they are", () => {
  const out = start + 16 * 1024;
  for (let length = 0; length <= lengthMax; length += 1) {
    rubbish.copy(memory, start);
    const from = start + (length & 63);
    const expected = memory.toString("base64", from, from + length);
    const end = calls.encodeBase64(from, length, out + (length & 15));
    assert.equal(memory.toString("latin1", out + (length & 15), end), expected);
  }
});

test("base64 with any other byte anywhere is refused", () => {
  const alphabet = /[A-Za-z0-9+/]/;
  for (const text of ["QUJD".repeat(24), `${"QUJD".repeat(15)}QQ==`, `${"QUJD".repeat(9)}QUI=`]) {
    for (let at = 0; at < text.length; at += 1) {
      for (let byte = 1; byte < 256; byte += 1) {
        const letter = String.fromCharCode(byte);
        const changed = `${text.slice(0, at)}${letter}${text.slice(at + 1)}`;
        // A letter there, or an earlier end that suits, may be right: then Node must say the same.
        const [content = ""] = changed.split('"');
        const decoded = Buffer.from(content, "base64");
        const isStrict = [...content.replace(/={1,2}$/, "")].every((each) => alphabet.test(each));
        const isRight = isStrict && decoded.toString("base64") === content;
        const end = calls.decodeBase64(place(`${changed}"`, 0), start);
        assert.equal(end === 0 ? "refused" : end - start, isRight ? content.length : "refused", changed);
      }
    }
  }
});

test("base64 that never ends, or ends inside four letters, is refused", () => {
  for (let length = 0; length < 100; length += 1) {
    const text = "A".repeat(length);
    assert.equal(calls.decodeBase64(place(text, 0), start), 0);
    if (length % 4 !== 0) assert.equal(calls.decodeBase64(place(`${text}"`, 0), start), 0);
  }
});

test("keys of every length up to 4,096 bytes are hashed as Node hashes them", () => {
  for (let length = 0; length <= lengthMax; length += 1) {
    const key = rubbish.subarray(length, 2 * length);
    key.copy(memory, start + (length & 63));
    calls.hashKey(start + (length & 63), length, target);
    calls.flushKeys();
    assert.equal(words(4), createHash("md5").update(key).digest("hex"));
  }
});

test("keys that are hashed together each get their own hash", () => {
  for (let count = 1; count <= 9; count += 1) {
    for (let round = 0; round < 50; round += 1) {
      const keys = Array.from({ length: count }, (_, i) => rubbish.subarray(i * 70, i * 70 + random.integer(0, 70)));
      rubbish.copy(memory, start);
      for (const [i, key] of keys.entries()) calls.hashKey(start + i * 70, key.length, target + 16 * i);
      calls.flushKeys();
      assert.equal(words(4 * count), keys.map((key) => createHash("md5").update(key).digest("hex")).join(""));
    }
  }
});

test("decimals of every length up to 4,096 digits become the words of a hash key, or are refused", () => {
  const digits = Array.from({ length: lengthMax }, () => random.integer(0, 9)).join("");
  const expected = new Uint32Array(4);
  const edges = [2n ** 128n - 1n, 2n ** 128n, 2n ** 32n, 2n ** 64n - 1n, 10n ** 38n, 0n, 1n, 9n].map(String);
  const all = [...edges, ...Array.from({ length: lengthMax + 1 }, (_, length) => digits.slice(0, length))];
  for (const decimal of [...all, "00", "01", "-1", "1e3", "1.0", "12a", "\u00b2"]) {
    const isRight = /^(0|[1-9]\d{0,38})$/.test(decimal) && parseExplicitHashKey(decimal, expected, 0);
    assert.equal(calls.decimalWords(place(decimal, 3), decimal.length, target), isRight ? 1 : 0, decimal);
    if (isRight) assert.equal(BigInt(`0x${words(4)}`), BigInt(decimal));
  }
});
