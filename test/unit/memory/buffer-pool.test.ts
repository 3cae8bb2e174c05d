import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type BufferLease, BufferPool } from "../../../src/memory/buffer-pool.ts";

const kib = 1024;
const options = { pooledBytesMin: 32 * kib, pooledBytesMax: 1024 * kib, idleBytesMax: 4096 * kib };

test("a disposed lease's memory is used again, by one holder at a time", () => {
  const pool = new BufferPool(options);
  const first = pool.take(100_000);
  const second = pool.take(100_000);
  const memory = first.bytes;
  assert.equal(memory.length, 128 * kib);
  assert.notEqual(memory.buffer, second.bytes.buffer);
  first[Symbol.dispose]();
  assert.equal(pool.take(120_000).bytes, memory);
  assert.notEqual(pool.take(120_000).bytes, memory);
});

test("a lease that is disposed of twice, or used afterwards, is an error", () => {
  const pool = new BufferPool(options);
  for (const bytes of [1, 100_000, 2048 * kib]) {
    const lease = pool.take(bytes);
    lease[Symbol.dispose]();
    assert.throws(() => lease[Symbol.dispose](), /disposed of once/);
    assert.throws(() => lease.bytes, /after it was disposed of/);
  }
});

test("small and large buffers are not pooled", () => {
  const pool = new BufferPool(options);
  for (const bytes of [0, 1, 32 * kib - 1, 1024 * kib + 1]) {
    const lease = pool.take(bytes);
    assert.equal(lease.bytes.length, bytes);
    assert.equal(lease.isPooled, false);
    lease[Symbol.dispose]();
    assert.equal(pool.idleBytes, 0);
  }
});

test("a trimmed lease gives its whole memory back", () => {
  const pool = new BufferPool(options);
  const lease = pool.take(64 * kib);
  assert.equal(lease.trim(10).bytes.length, 10);
  lease[Symbol.dispose]();
  assert.equal(pool.take(64 * kib).bytes.length, 64 * kib);
});

test("idle memory is bounded, whatever is taken and disposed of in whatever order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -20, max: 1200 * kib }), { maxLength: 100 }), (steps) => {
      const pool = new BufferPool(options);
      const held: BufferLease[] = [];
      for (const step of steps) {
        if (step > 0) held.push(pool.take(step));
        else for (const lease of held.splice(-step, 1)) lease[Symbol.dispose]();
        assert.ok(held.every(({ bytes }, index) => held.findIndex((other) => other.bytes === bytes) === index));
        assert.ok(pool.idleBytes >= 0 && pool.idleBytes <= options.idleBytesMax);
      }
    }),
  );
});
