import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bytesText,
  countText,
  durationText,
  exactText,
  plural,
  shortShard,
} from "../../../../../console/src/parts/format.ts";

test("bytes, counts and durations are short and have their unit", () => {
  assert.deepEqual([0, 1023, 1536, 200 * 1024 ** 2].map(bytesText), ["0 B", "1023 B", "1.5 KiB", "200 MiB"]);
  assert.deepEqual([0, 0.4, 12, 1_234, 2_500_000].map(countText), ["0", "0.4", "12", "1.2 k", "2.5 M"]);
  assert.deepEqual([-5, 350, 12_500, 3_600_000, 172_800_000].map(durationText), [
    "0 ms",
    "350 ms",
    "12 s",
    "1 h",
    "2 d",
  ]);
});

test("what is not counted is a dash, not zero and not a fault", () => {
  assert.deepEqual([0, 1_234_567, undefined].map(exactText), ["0", "1,234,567", "–"]);
});

test("nouns follow their number", () => {
  assert.deepEqual([plural(1, "record"), plural(1_234, "record")], ["1 record", "1,234 records"]);
});

test("the number of a shard is what tells it apart", () => {
  assert.deepEqual(["shardId-000000000000", "shardId-000000000120"].map(shortShard), ["0", "120"]);
});
