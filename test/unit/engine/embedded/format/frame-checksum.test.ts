import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { frameChecksum } from "../../../../../src/engine/embedded/format/frame-checksum.ts";
import { wasmChecksumFor } from "../../../../../src/engine/embedded/io/checksum-wasm.ts";
import { allocateAligned } from "../../../../../src/platform/aligned-memory.ts";
import { SeededRandom } from "../../../../support/seeded-random.ts";

const random = new SeededRandom(1);

function randomBytes(target: Buffer): Buffer {
  for (let at = 0; at < target.length; at += 4) target.writeUInt32LE(random.integer(0, 0xffffffff), at);
  return target;
}

const anywhere = randomBytes(Buffer.alloc(8_192));
const aligned = randomBytes(allocateAligned(512 * 1024));

function assertAsZlib(bytes: Buffer, from: number, length: number, seed: number): void {
  const expected = crc32(bytes.subarray(from, from + length), seed);
  assert.equal(frameChecksum(bytes, from, from + length, seed), expected, `${length} bytes at ${from}, seed ${seed}`);
}

test("this machine runs the module, in aligned memory alone", () => {
  assert.ok(wasmChecksumFor(aligned.buffer));
  assert.equal(wasmChecksumFor(anywhere.buffer), undefined);
});

test("frameChecksum() gives zlib's checksum for every length up to 4,096, place and beginning", () => {
  for (let length = 0; length <= 4_096; length += 1) {
    for (const seed of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, random.integer(0, 0xffffffff)]) {
      assertAsZlib(anywhere, random.integer(0, 99), length, seed);
      assertAsZlib(aligned, random.integer(0, 99), length, seed);
    }
  }
});

test("the module gives zlib's checksum for every length up to 4,096 where the tables or zlib would be used", () => {
  const checksum = wasmChecksumFor(aligned.buffer);
  for (let length = 0; length <= 4_096; length += 1) {
    const from = random.integer(0, 99);
    const seed = random.integer(0, 0xffffffff);
    const sum = checksum?.(aligned.byteOffset + from, length, seed) ?? 0;
    assert.equal(sum >>> 0, crc32(aligned.subarray(from, from + length), seed), `${length} bytes at ${from}`);
  }
});

test("frameChecksum() gives zlib's checksum where a way of computing it begins or resumes", () => {
  const vector = 16;
  const [near, far, farMin, stretch] = [66 * vector, 300 * vector, 700 * vector, 1024 * vector];
  const bounds = [2 * near, farMin, far + stretch, far + 2 * stretch, far + 5 * stretch, 128 * 1024, 500_000];
  for (const bound of bounds) {
    for (let length = bound - 80; length <= bound + 80; length += 1) {
      assertAsZlib(aligned, random.integer(0, 999), length, random.integer(0, 0xffffffff));
    }
  }
  for (let round = 0; round < 500; round += 1) {
    assertAsZlib(aligned, random.integer(0, 999), random.integer(0, 520_000), random.integer(0, 0xffffffff));
  }
});

test("a checksum changes nothing in the log's memory", () => {
  const before = Buffer.from(aligned);
  frameChecksum(aligned, 0, aligned.length, 1);
  frameChecksum(aligned, 0, 8_000, 1);
  assert.ok(before.equals(aligned));
});

test("memories of the log keep their checksums apart", () => {
  const other = randomBytes(allocateAligned(32_768));
  for (let length = 3_072; length < 32_000; length += 1_001) {
    assertAsZlib(other, 5, length, length);
    assertAsZlib(aligned, 5, length, length);
  }
});
