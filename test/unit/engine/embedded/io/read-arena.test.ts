import assert from "node:assert/strict";
import { test } from "node:test";
import { ChunkPool, chunkBytes } from "../../../../../src/engine/embedded/io/chunk-pool.ts";
import { ReadArena } from "../../../../../src/engine/embedded/io/read-arena.ts";
import { SimulatedDisk } from "../../../../support/simulated-disk.ts";

function pool(): ChunkPool {
  return new ChunkPool(new SimulatedDisk());
}

/** Whether two buffers have a byte in common. */
function overlap(one: Buffer, other: Buffer): boolean {
  if (one.buffer !== other.buffer) return false;
  return one.byteOffset < other.byteOffset + other.length && other.byteOffset < one.byteOffset + one.length;
}

test("copies of one page never overlap, and released memory is used by the next", () => {
  const shared = pool();
  const page = new ReadArena(shared);
  const bodies = Array.from({ length: 30 }, (_, index) => Buffer.alloc(100_000 + index, index + 1));
  const copies = bodies.map((body) => page.copy(body));
  assert.ok(copies.every((copy, index) => copy.equals(bodies[index] ?? Buffer.of())));
  const used = new Set(copies.map(({ buffer }) => buffer));
  page[Symbol.dispose]();
  assert.throws(() => page[Symbol.dispose](), /disposed of or taken over once/);
  const [one, other] = [new ReadArena(shared), new ReadArena(shared)];
  const again = [one.copy(Buffer.from("a")), other.copy(Buffer.from("b"))];
  assert.ok(again.every(({ buffer }) => used.has(buffer)));
  assert.ok(!overlap(again[0] as Buffer, again[1] as Buffer));
});

test("an entry larger than a chunk has memory of its own", () => {
  const body = Buffer.alloc(2 * 1024 * 1024, 7);
  const page = new ReadArena(pool());
  const copy = page.copy(body);
  assert.ok(page.isEmpty);
  page[Symbol.dispose]();
  assert.ok(copy.equals(body) && copy.buffer !== body.buffer);
});

test("blocks begin where a block may, between copies of any length, and overlap nothing", () => {
  const page = new ReadArena(pool());
  const taken: Buffer[] = [];
  for (let round = 1; round <= 60; round++) {
    const blocks = page.takeBlocks((1 + (round % 40)) * 4096) ?? assert.fail("the pool has memory");
    assert.equal(blocks.byteOffset % 4096, 0);
    taken.push(blocks, page.copy(Buffer.alloc(round * 37, round)));
  }
  for (const [index, one] of taken.entries()) assert.ok(taken.slice(index + 1).every((other) => !overlap(one, other)));
});

test("where the pool has no more, copies go on in memory of their own and no blocks are given", () => {
  const shared = pool();
  const pages: ReadArena[] = [];
  for (let page = new ReadArena(shared); page.takeBlocks(chunkBytes) !== undefined; page = new ReadArena(shared)) {
    pages.push(page);
  }
  assert.ok(pages.length * chunkBytes >= 22 * 1024 * 1024, `${pages.length} chunks`);
  const late = new ReadArena(shared);
  assert.equal(late.copy(Buffer.from("text")).toString(), "text");
  assert.equal(late.takeBlocks(4096), undefined);
  assert.ok(late.isEmpty);
  pages[3]?.[Symbol.dispose]();
  assert.equal(late.takeBlocks(4096)?.length, 4096);
  assert.equal(late.takeBlocks(chunkBytes + 4096), undefined);
});

test("memory that was taken over stays what it is, and comes back once", () => {
  const shared = pool();
  const [page, ahead] = [new ReadArena(shared), new ReadArena(shared)];
  const own = page.copy(Buffer.alloc(5_000, 1));
  assert.ok(ahead.beginChunk());
  const adopted = ahead.copy(Buffer.alloc(5_000, 2));
  page.takeOver(ahead);
  assert.ok(ahead.isEmpty && !page.isEmpty);
  assert.throws(() => ahead[Symbol.dispose](), /disposed of or taken over once/);
  const later = page.copy(Buffer.alloc(5_000, 3));
  const others = Array.from({ length: 30 }, () => new ReadArena(shared).copy(Buffer.alloc(chunkBytes, 4)));
  assert.ok(own.equals(Buffer.alloc(5_000, 1)) && adopted.equals(Buffer.alloc(5_000, 2)));
  assert.ok(others.every((other) => !overlap(other, own) && !overlap(other, adopted) && !overlap(other, later)));
  page[Symbol.dispose]();
  const [one, two, three] = [0, 1, 2].map(() => new ReadArena(shared));
  assert.ok(one?.beginChunk() === true && two?.beginChunk() === true && three?.beginChunk() === false);
});
