import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { WasmAllocator, type WasmLease } from "../../../src/memory/wasm-allocator.ts";

const pageBytes = 16 * 1024;
const pageCount = 64;
const start = 4 * pageBytes;
const memory = Buffer.alloc(start + pageCount * pageBytes);

test("leases never overlap, and all memory comes back", () => {
  const step = fc.oneof(
    fc.nat({ max: 20 * pageBytes }),
    fc.nat({ max: 20 }).map((which) => -which),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const allocator = new WasmAllocator(memory, start, pageCount * pageBytes);
      const taken: { lease: WasmLease; end: number }[] = [];
      for (const each of steps) {
        if (each <= 0) {
          for (const { lease } of taken.splice(-each, 1)) lease[Symbol.dispose]();
          continue;
        }
        const lease = allocator.take(each);
        if (lease === undefined) continue;
        const end = lease.at + each;
        assert.ok(lease.at >= start && end <= memory.length);
        assert.ok(taken.every((other) => end <= other.lease.at || other.end <= lease.at));
        taken.push({ lease, end });
      }
      for (const { lease } of taken) lease[Symbol.dispose]();
      assert.equal(allocator.take(pageCount * pageBytes)?.at, start);
    }),
  );
});

test("take() gives the lowest piece that fits, and nothing when none does", () => {
  const allocator = new WasmAllocator(memory, start, 4 * pageBytes);
  const [a, b, c] = [allocator.take(pageBytes), allocator.take(pageBytes + 1), allocator.take(1)];
  assert.ok(a && b && c);
  assert.deepEqual([b.at - a.at, c.at - b.at], [pageBytes, 2 * pageBytes]);
  assert.equal(b.bytes.length, pageBytes + 1);
  assert.equal(b.bytes.byteOffset - memory.byteOffset, b.at);
  assert.equal(allocator.take(1), undefined);
  b[Symbol.dispose]();
  assert.equal(allocator.take(2 * pageBytes + 1), undefined);
  a[Symbol.dispose]();
  assert.equal(allocator.take(1)?.at, a.at);
  assert.equal(allocator.take(2 * pageBytes)?.at, b.at);
});

test("a lease that is disposed of twice must not free the memory of another", () => {
  const allocator = new WasmAllocator(memory, start, 4 * pageBytes);
  const first = allocator.take(1);
  first?.[Symbol.dispose]();
  const second = allocator.take(1);
  assert.throws(() => first?.[Symbol.dispose](), /disposed of once/);
  assert.throws(() => first?.bytes, /after it was disposed of/);
  assert.notEqual(allocator.take(1)?.at, second?.at);
});
