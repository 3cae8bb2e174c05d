import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { UnindexedEntries } from "../../../../../src/engine/embedded/state/unindexed-entries.ts";
import { WalIndex, walAddressOf } from "../../../../../src/engine/embedded/state/wal-index.ts";

function pointsOf(index: WalIndex): readonly (readonly number[])[] {
  return Array.from({ length: index.count }, (_, point) => [
    index.positionAt(point),
    index.addressAt(point),
    index.storedMsAt(point),
    index.spanAt(point),
  ]);
}

test("indexes become what adding each entry at once would make them, in any order of reads and removals", () => {
  const step = fc.oneof(
    { weight: 30, arbitrary: fc.record({ log: fc.nat({ max: 3 }), length: fc.integer({ min: 49, max: 60_000 }) }) },
    { weight: 2, arbitrary: fc.constantFrom("look", "next file") },
    { weight: 1, arbitrary: fc.constant("seal") },
  );
  const property = fc.property(
    fc.array(step, { maxLength: 80 }),
    fc.integer({ min: 1, max: 200 }),
    (steps, repeats) => {
      const entries = new UnindexedEntries();
      const [late, atOnce] = [0, 1].map(() => Array.from({ length: 4 }, () => new WalIndex()));
      assert(late !== undefined && atOnce !== undefined);
      const positions = [1, 1, 1, 1];
      let [generation, offset, storedMs] = [1, 8192, 1];
      for (const one of steps) {
        if (one === "look") {
          entries.index();
        } else if (one === "next file") {
          [generation, offset] = [generation + 1, 8192];
        } else if (one === "seal") {
          entries.dropThrough(generation - 1);
          for (const index of [...late, ...atOnce]) index.dropThrough(generation - 1);
        } else {
          for (let repeat = 0; repeat < repeats; repeat++) {
            const position = positions[one.log] ?? 0;
            const address = walAddressOf(generation, offset);
            entries.add(late[one.log] ?? new WalIndex(), position, address, one.length, storedMs);
            atOnce[one.log]?.add(position, address, one.length, storedMs);
            positions[one.log] = position + 1;
            offset += one.length;
            storedMs += 1;
          }
        }
      }
      entries.index();
      assert.deepEqual(late.map(pointsOf), atOnce.map(pointsOf));
    },
  );
  fc.assert(property, { numRuns: 60 });
});

test("entries that are not read are added before they become too many", () => {
  const entries = new UnindexedEntries();
  const index = new WalIndex();
  for (let entry = 0; entry <= 128 * 1024; entry++)
    entries.add(index, entry + 1, walAddressOf(1, 64 * entry), 64, entry);
  assert(index.count > 0);
  entries.index();
  assert.equal(
    index.spanAt(index.count - 1) + index.addressAt(index.count - 1),
    walAddressOf(1, 64 * (128 * 1024 + 1)),
  );
});
