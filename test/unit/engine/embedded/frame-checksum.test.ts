import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { checksumOf } from "../../../../src/engine/embedded/frame-checksum.ts";
import { SeededRandom } from "../../../crash/seeded-random.ts";

test("checksumOf() gives zlib's checksum for every length, place and beginning", () => {
  const random = new SeededRandom(1);
  const bytes = Buffer.from(Array.from({ length: 700 }, () => random.integer(0, 255)));
  for (let length = 0; length <= 600; length += 1) {
    for (const seed of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, random.integer(0, 0xffffffff)]) {
      const from = random.integer(0, 99);
      const to = from + length;
      assert.equal(checksumOf(bytes, from, to, seed), crc32(bytes.subarray(from, to), seed), `${length} bytes`);
    }
  }
});
