import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { generationOf, offsetOf, WalIndex, walAddressOf } from "../../../../../src/engine/embedded/state/wal-index.ts";

test("addressOf() keeps generation and offset apart", () => {
  for (const [generation, offset] of [
    [1, 8192],
    [2_000_000, 2 ** 32 - 1],
    [7, 0],
  ] as const) {
    const address = walAddressOf(generation, offset);
    assert(Number.isSafeInteger(address));
    assert.deepEqual([generationOf(address), offsetOf(address)], [generation, offset]);
  }
});

test("find() gives the point whose span holds the entry of a position, for any mix of sizes and files", () => {
  const entry = fc.record({
    count: fc.integer({ min: 1, max: 50 }),
    length: fc.integer({ min: 49, max: 90_000 }),
    gap: fc.integer({ min: 0, max: 90_000 }),
    stepMs: fc.nat({ max: 3 }),
    isNewFile: fc.boolean(),
  });
  const property = fc.property(fc.array(entry, { minLength: 1, maxLength: 60 }), (drafts) => {
    const index = new WalIndex();
    const entries = [];
    let [position, generation, offset, storedMs] = [1, 1, 8192, 1000];
    for (const { count, length, gap, stepMs, isNewFile } of drafts) {
      if (isNewFile) [generation, offset] = [generation + 1, 8192];
      offset += gap;
      storedMs += stepMs;
      const address = walAddressOf(generation, offset);
      index.add(position, address, length, storedMs);
      entries.push({ position, count, address, length, storedMs });
      position += count;
      offset += length;
    }
    assert(index.count <= entries.length);
    for (const { position: first, count, address, length } of entries) {
      for (const wanted of [first, first + count - 1]) {
        const point = index.find(wanted);
        assert(index.positionAt(point) <= wanted);
        assert(index.addressAt(point) <= address);
        assert(index.addressAt(point) + index.spanAt(point) >= address + length);
        assert(index.spanAt(point) <= Math.max(length, 64 * 1024));
      }
    }
    for (const timeMs of entries.map((one) => one.storedMs)) {
      const before = index.countBefore(timeMs);
      const found = entries.findIndex((one) => one.storedMs >= timeMs);
      const expected: number = entries[found]?.position ?? 0;
      assert(before === index.count || index.positionAt(before) >= expected);
      assert(before === 0 || index.positionAt(before - 1) < expected);
    }
  });
  fc.assert(property, { numRuns: 60 });
});

test("find() in an empty index gives no point, and before the first gives the first", () => {
  const index = new WalIndex();
  assert.equal(index.find(1), -1);
  assert.equal(index.countBefore(0), 0);
  index.add(10, walAddressOf(1, 8192), 100, 5);
  assert.equal(index.find(1), 0);
});

test("small neighbouring entries share a point, so that the index stays small", () => {
  const index = new WalIndex();
  for (let entry = 0; entry < 10_000; entry++) index.add(entry + 1, walAddressOf(1, 8192 + entry * 200), 150, entry);
  assert(index.count < 40, `${index.count} points`);
});

test("dropThrough() forgets old files and nothing else, and the log goes on behind them, for any number of files", () => {
  const property = fc.property(fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 12 }), (countOfFile) => {
    const index = new WalIndex();
    const expected: number[] = [];
    let position = 1;
    for (const [file, count] of countOfFile.entries()) {
      for (let entry = 0; entry < count; entry++, position += 3) {
        index.add(position, walAddressOf(file + 1, 8192 + entry * 70_000), 66_000, 1000 + position);
        expected.push(position);
      }
      // The newest two files stay.
      index.dropThrough(file - 1);
      const dropped = countOfFile.slice(0, Math.max(0, file - 1)).reduce((sum, one) => sum + one, 0);
      const kept = expected.slice(dropped);
      assert.deepEqual(
        Array.from({ length: index.count }, (_, point) => index.positionAt(point)),
        kept,
      );
      assert(
        index.byteLength <= 32 * 8 * Math.max(2, kept.length),
        `${index.byteLength} bytes for ${kept.length} points`,
      );
    }
  });
  fc.assert(property, { numRuns: 60 });
});
