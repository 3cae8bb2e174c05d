import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import {
  HASH_KEY_MAX,
  hashPartitionKey,
  parseExplicitHashKey,
  writeHashKey,
} from "../../../../src/streams/hash-keys/hash-key.ts";

function hashKeyOfWords(words: Uint32Array, offset: number): bigint {
  return words.subarray(offset, offset + 4).reduce((hashKey, word) => (hashKey << 32n) | BigInt(word), 0n);
}

function md5HashKey(bytes: Uint8Array, start = 0, length = bytes.length): bigint {
  const words = new Uint32Array(6);
  hashPartitionKey(bytes, start, length, words, 1);
  assert.equal(words[0], 0);
  assert.equal(words[5], 0);
  return hashKeyOfWords(words, 1);
}

function referenceHashKey(bytes: Uint8Array): bigint {
  return BigInt(`0x${createHash("md5").update(bytes).digest("hex")}`);
}

test("hashPartitionKey() agrees with OpenSSL for every length around the block borders", () => {
  for (let length = 0; length <= 300; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 167 + length) & 0xff);
    assert.equal(md5HashKey(bytes), referenceHashKey(bytes), `length ${length}`);
  }
});

test("hashPartitionKey() agrees with OpenSSL for any bytes at any offset", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1200 }), fc.nat({ max: 70 }), (bytes, start) => {
      const from = Math.min(start, bytes.length);
      assert.equal(md5HashKey(bytes, from, bytes.length - from), referenceHashKey(bytes.subarray(from)));
    }),
  );
});

test("partition keys hash as UTF-8", () => {
  const known: readonly (readonly [string, string])[] = [
    ["a", "16955237001963240173058271559858726497"],
    ["b", "195289424170611159128911017612795795343"],
    ["e", "299611584147932843547128611849858313266"],
    ["é", "136732923097551493579404309126273812335"],
    ["😀", "55842721998748738903166261021950683062"],
    ["日本", "103341369634063465466164320543046703539"],
  ];
  for (const [key, hashKey] of known) assert.equal(md5HashKey(Buffer.from(key)).toString(), hashKey);
});

test("parseExplicitHashKey() reads every key below 2^128 and refuses the others", () => {
  const words = new Uint32Array(5);
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 39n - 1n }), (hashKey) => {
      const fits = parseExplicitHashKey(hashKey.toString(), words, 1);
      assert.equal(fits, hashKey <= HASH_KEY_MAX);
      if (fits) assert.equal(hashKeyOfWords(words, 1), hashKey);
    }),
  );
  for (const hashKey of [0n, 1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 64n, 2n ** 96n - 1n, HASH_KEY_MAX]) {
    assert.ok(parseExplicitHashKey(hashKey.toString(), words, 0));
    assert.equal(hashKeyOfWords(words, 0), hashKey);
  }
  assert.equal(parseExplicitHashKey((HASH_KEY_MAX + 1n).toString(), words, 0), false);
  assert.equal(parseExplicitHashKey("12a", words, 0), false);
  assert.equal(parseExplicitHashKey("", words, 0), false);
});

test("a hash key survives its words", () => {
  const words = new Uint32Array(4);
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: HASH_KEY_MAX }), (hashKey) => {
      writeHashKey(hashKey, words, 0);
      assert.equal(hashKeyOfWords(words, 0), hashKey);
    }),
  );
});
