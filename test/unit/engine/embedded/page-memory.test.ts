import assert from "node:assert/strict";
import { test } from "node:test";
import { PageMemory } from "../../../../src/engine/embedded/page-memory.ts";

test("copies of one page never overlap, and released memory is used by the next", () => {
  const page = new PageMemory();
  const bodies = Array.from({ length: 30 }, (_, index) => Buffer.alloc(100_000 + index, index + 1));
  const copies = bodies.map((body) => page.copy(body));
  assert.ok(copies.every((copy, index) => copy.equals(bodies[index] ?? Buffer.of())));
  const used = new Set(copies.map(({ buffer }) => buffer));
  page.release();
  page.release();
  const [one, other] = [new PageMemory(), new PageMemory()];
  const again = [one.copy(Buffer.from("a")), other.copy(Buffer.from("b"))];
  assert.ok(again.every(({ buffer }) => used.has(buffer)) && again[0]?.buffer !== again[1]?.buffer);
});

test("an entry larger than a chunk has memory of its own", () => {
  const body = Buffer.alloc(2 * 1024 * 1024, 7);
  const page = new PageMemory();
  const copy = page.copy(body);
  page.release();
  assert.ok(copy.equals(body) && copy.buffer !== body.buffer);
});
