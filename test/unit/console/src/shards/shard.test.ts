import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { hashKeyCount, hashKeyOf, shardAt, shardsFrom, shareText } from "../../../../../console/src/shards/shard.ts";

const half = hashKeyCount / 2n;
const descriptions = [
  { id: 0, start: 0n, end: hashKeyCount - 1n, last: "9" },
  { id: 1, start: 0n, end: half - 1n },
  { id: 2, start: half, end: hashKeyCount - 1n },
].map(({ id, start, end, last }) => ({
  ShardId: `shardId-00000000000${id}`,
  HashKeyRange: { StartingHashKey: String(start), EndingHashKey: String(end) },
  SequenceNumberRange: { StartingSequenceNumber: "1", ...(last === undefined ? {} : { EndingSequenceNumber: last }) },
}));

test("a key is routed by its MD5 among the open shards", () => {
  const shards = shardsFrom(descriptions);
  for (const key of ["customer-7", "", "ключ", "a".repeat(256)]) {
    const hashKey = BigInt(`0x${createHash("md5").update(key).digest("hex")}`);
    assert.equal(hashKeyOf(key), hashKey);
    assert.equal(shardAt(shards, hashKey)?.index, hashKey < half ? 1 : 2);
  }
});

test("times come from the server's own list where it has them", () => {
  const [closed, open] = shardsFrom(descriptions, [[0, 100, 250_500]]);
  assert.deepEqual([closed?.createdMs, closed?.closedMs, closed?.isOpen], [100_000, 250_500, false]);
  assert.deepEqual([open?.createdMs, open?.closedMs, open?.isOpen], [undefined, undefined, true]);
});

test("shares have as many digits as tell small shards apart", () => {
  assert.deepEqual([1, 0.25, 1 / 30, 1 / 10_000].map(shareText), ["100.0 %", "25.0 %", "3.3 %", "0.010 %"]);
});
