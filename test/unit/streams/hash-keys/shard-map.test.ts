import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HASH_KEY_MAX, hashPartitionKey, writeHashKey } from "../../../../src/streams/hash-keys/hash-key.ts";
import { ShardMap } from "../../../../src/streams/hash-keys/shard-map.ts";
import { streamOf } from "../stream-of.ts";

test("route() finds the shard whose inclusive range holds the key", () => {
  const words = new Uint32Array(8);
  const counts = [1, 2, 3, 7, 64, 1000];
  const maps = counts.map((count) => new ShardMap(streamOf(count).shards));
  fc.assert(
    fc.property(fc.constantFrom(...maps), fc.bigInt({ min: 0n, max: HASH_KEY_MAX }), fc.nat(), (map, hashKey, near) => {
      const border = map.shardAt(near % map.shardCount);
      for (const key of [hashKey, border.startingHashKey, border.endingHashKey]) {
        writeHashKey(key, words, 4);
        const shard = map.shardAt(map.route(words, 1));
        assert.ok(shard.startingHashKey <= key && key <= shard.endingHashKey);
      }
    }),
  );
});

test("route() finds it as well where ranges are as uneven as splits can make them", () => {
  const words = new Uint32Array(4);
  const edge = fc.bigInt({ min: 1n, max: HASH_KEY_MAX });
  // Near the borders of the table's entries, and crowded into one of them.
  const border = fc.tuple(fc.nat({ max: 255 }), fc.integer({ min: -2, max: 2 })).map(([high, near]) => {
    const key = (BigInt(high) << 120n) + BigInt(near);
    return key < 1n ? 1n : key;
  });
  const crowded = fc.bigInt({ min: 2n ** 100n, max: 2n ** 100n + 500n });
  fc.assert(
    fc.property(fc.uniqueArray(fc.oneof(edge, border, crowded), { maxLength: 60 }), edge, (borders, hashKey) => {
      const starts = [0n, ...borders.sort((one, other) => (one < other ? -1 : 1))];
      const [template] = streamOf(1).shards;
      assert.ok(template !== undefined);
      const shards = starts.map((startingHashKey, index) => ({
        ...template,
        index,
        startingHashKey,
        endingHashKey: (starts[index + 1] ?? HASH_KEY_MAX + 1n) - 1n,
      }));
      const map = new ShardMap(shards);
      for (const key of [hashKey, ...shards.flatMap((shard) => [shard.startingHashKey, shard.endingHashKey])]) {
        writeHashKey(key, words, 0);
        const { startingHashKey, endingHashKey } = map.shardAt(map.route(words, 0));
        assert.ok(startingHashKey <= key && key <= endingHashKey);
      }
    }),
  );
});

test("known partition keys go to the shards where AWS puts them", () => {
  const map = new ShardMap(streamOf(3).shards);
  const words = new Uint32Array(4);
  const known = { a: 0, b: 1, e: 2, f: 1, "1": 2, é: 1, "😀": 0, 日本: 0 };
  for (const [key, shardIndex] of Object.entries(known)) {
    const bytes = Buffer.from(key);
    hashPartitionKey(bytes, 0, bytes.length, words, 0);
    assert.equal(map.shardAt(map.route(words, 0)).index, shardIndex, key);
  }
});

test("closed shards take no part, and order of ranges decides the slots", () => {
  const { shards } = streamOf(2);
  const [lower, upper] = shards;
  assert.ok(lower !== undefined && upper !== undefined);
  const closed = { ...lower, closed: { second: 1, end: 1n, closedMs: 1 } };
  const child = { ...lower, index: 2, parent: 0 };
  const map = new ShardMap([closed, upper, child]);
  assert.deepEqual(
    map.shards.map((shard) => shard.index),
    [2, 1],
  );
  assert.throws(() => map.shardAt(2), /slot/);
});

test("a map with a gap, an overlap or no end is never built", () => {
  const [first, second, third] = streamOf(3).shards;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  for (const shards of [[], [first, second], [first, third], [second, third], [first, first, second, third]]) {
    assert.throws(() => new ShardMap(shards), /tile the key space/);
  }
});
