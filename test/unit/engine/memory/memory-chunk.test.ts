import assert from "node:assert/strict";
import { test } from "node:test";
import { chunkBytesFor, MemoryChunk } from "../../../../src/engine/memory/memory-chunk.ts";

test("a chunk of chunkBytesFor() holds exactly one such entry", () => {
  for (const bytes of [0, 1, 7, 8, 9, 1_000, 131_072]) {
    const chunk = new MemoryChunk(chunkBytesFor(bytes), 1);
    assert(chunk.fits(bytes));
    chunk.append({ count: 1, timeMs: 0, body: new Uint8Array(bytes) }, 0);
    assert(!chunk.fits(0));
    assert(chunk.byteLength < bytes + 40);
  }
});

test("a chunk finds entries by position and by time and returns them unchanged", () => {
  const chunk = new MemoryChunk(4096, 101);
  for (let index = 0; index < 20; index++) {
    const body = Buffer.alloc(index, index);
    chunk.append({ count: 3, timeMs: 900 + index, body }, 1_000 + 10 * Math.floor(index / 2));
  }
  assert.equal(chunk.entryCount, 20);
  assert.equal(chunk.positionNext, 161);
  assert.equal(chunk.storedMsLast, 1_090);
  for (let index = 0; index < 20; index++) {
    const position = 101 + 3 * index;
    for (const offset of [0, 1, 2]) assert.equal(chunk.indexContaining(position + offset), index);
    const body = new Uint8Array(index).fill(index);
    const storedMs = 1_000 + 10 * Math.floor(index / 2);
    assert.deepEqual(chunk.entryAt(index), {
      position: BigInt(position),
      count: 3,
      storedMs,
      timeMs: 900 + index,
      body,
    });
    assert.equal(chunk.bodyBytesOf(index), index);
  }
  const cases = [
    { timeMs: 0, index: 0 },
    { timeMs: 1_000, index: 0 },
    { timeMs: 1_001, index: 2 },
    { timeMs: 1_090, index: 18 },
    { timeMs: 1_091, index: 20 },
  ];
  for (const { timeMs, index } of cases) assert.equal(chunk.indexStoredFrom(timeMs), index);
});
