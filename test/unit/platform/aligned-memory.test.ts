import assert from "node:assert/strict";
import { test } from "node:test";
import { allocateAligned, wasmMemoryOf } from "../../../src/platform/aligned-memory.ts";

test("aligned memory is zeroed, has the length asked for, and begins at a block of its buffer", () => {
  for (const byteCount of [1, 4_096, 65_536, 100_000]) {
    const memory = allocateAligned(byteCount);
    assert.equal(memory.length, byteCount);
    assert.equal(memory.byteOffset % 4_096, 0);
    assert(memory.every((byte) => byte === 0));
    assert.equal(wasmMemoryOf(memory.buffer)?.buffer, memory.buffer);
  }
  assert.equal(wasmMemoryOf(Buffer.alloc(10_000).buffer), undefined);
});
