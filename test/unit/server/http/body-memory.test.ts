import assert from "node:assert/strict";
import { test } from "node:test";
import { BodyMemory } from "../../../../src/server/http/body-memory.ts";

const kib = 1024;

test("take() gives memory of the next power of two, and the same again once it is given back", () => {
  const memory = new BodyMemory();
  const first = memory.take(65 * kib);
  assert.equal(first.length, 128 * kib);
  assert.notEqual(memory.take(128 * kib), first);
  memory.giveBack(first);
  assert.equal(memory.take(100 * kib), first);
  assert.equal(memory.take(1).length, 64 * kib);
});

test("a body too large to be kept gets memory of its own", () => {
  const memory = new BodyMemory();
  const large = memory.take(2048 * kib + 1);
  assert.equal(large.length, 2048 * kib + 1);
  memory.giveBack(large);
  assert.notEqual(memory.take(2048 * kib + 1), large);
});

test("what lies idle is bounded", () => {
  const memory = new BodyMemory();
  const taken = Array.from({ length: 20 }, () => memory.take(2048 * kib));
  for (const buffer of taken) memory.giveBack(buffer);
  const again = Array.from({ length: 20 }, () => memory.take(2048 * kib));
  assert.equal(again.filter((buffer) => taken.includes(buffer)).length, 8);
});

test("reserve() gives bodies on their way room of their own size, up to a bound, and again what was given back", () => {
  const memory = new BodyMemory();
  const bytes = 10 * 1024 * kib;
  const reserved = Array.from({ length: 3 }, () => memory.reserve(bytes));
  assert.deepEqual(
    reserved.map((buffer) => buffer?.length),
    [bytes, bytes, bytes],
  );
  assert.equal(memory.reserve(bytes), undefined);
  const [first] = reserved;
  assert.ok(first);
  memory.giveBack(first);
  assert.equal(memory.reserve(bytes)?.byteOffset, first.byteOffset);
});
