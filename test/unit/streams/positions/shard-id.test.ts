import assert from "node:assert/strict";
import { test } from "node:test";
import { formatShardId, parseShardId } from "../../../../src/streams/positions/shard-id.ts";

test("only the number behind the first dash counts", () => {
  for (const [given, index] of [
    ["shardId-0", 0],
    ["foo-0", 0],
    ["shardId-000000000012", 12],
    ["-00002147483647", 2147483647],
    ["2147483647", 2147483647],
  ] as const) {
    assert.equal(parseShardId(given), index, given);
  }
});

test("what is no number up to 2^31 - 1 names no shard", () => {
  for (const given of [
    "ABKLFD8",
    "2.14E4",
    "2147483648",
    "shardId-",
    "",
    "a-b-0",
    "shardId--1",
    "99999999999999999999",
  ]) {
    assert.equal(parseShardId(given), undefined, given);
  }
});

test("formatShardId() pads to twelve places, sign included", () => {
  assert.equal(formatShardId(0), "shardId-000000000000");
  assert.equal(formatShardId(2147483647), "shardId-002147483647");
  assert.equal(formatShardId(-2147483648), "shardId--02147483648");
});
