import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { WasmAllocator } from "../../../src/records/wasm-memory.ts";

const pageBytes = 16 * 1024;
const pageCount = 64;

test("spans never overlap, and all memory comes back", () => {
  const step = fc.oneof(
    fc.nat({ max: 20 * pageBytes }),
    fc.nat({ max: 20 }).map((which) => -which),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const spans = new WasmAllocator(pageCount * pageBytes);
      const first = spans.take(1);
      spans.giveBack(first);
      const taken: { start: number; end: number }[] = [];
      for (const each of steps) {
        if (each <= 0) {
          const [span] = taken.splice(-each, 1);
          if (span !== undefined) spans.giveBack(span.start);
          continue;
        }
        const start = spans.take(each);
        if (start === 0) continue;
        const end = start + each;
        assert.ok(start >= first && end <= first + pageCount * pageBytes);
        assert.ok(taken.every((other) => end <= other.start || other.end <= start));
        taken.push({ start, end });
      }
      for (const { start } of taken) spans.giveBack(start);
      assert.equal(spans.take(pageCount * pageBytes), first);
    }),
  );
});

test("take() gives the lowest room that fits, and 0 when there is none", () => {
  const spans = new WasmAllocator(4 * pageBytes);
  const [a, b, c] = [spans.take(pageBytes), spans.take(pageBytes + 1), spans.take(1)];
  assert.deepEqual([b - a, c - b], [pageBytes, 2 * pageBytes]);
  assert.equal(spans.take(1), 0);
  spans.giveBack(b);
  assert.equal(spans.take(2 * pageBytes + 1), 0);
  spans.giveBack(a);
  assert.equal(spans.take(1), a);
  assert.equal(spans.take(2 * pageBytes), b);
});
