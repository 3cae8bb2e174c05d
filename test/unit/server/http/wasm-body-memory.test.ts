import assert from "node:assert/strict";
import { test } from "node:test";
import { WasmBodyMemory } from "../../../../src/server/http/wasm-body-memory.ts";

const mib = 1024 * 1024;

test("take() gives bodies in flight memory of their own size, up to a bound, and again what was given back", () => {
  const memory = new WasmBodyMemory();
  const bytes = 10 * mib;
  const [first, second, third] = [memory.take(bytes), memory.take(bytes), memory.take(bytes)];
  assert.ok(first && second && third);
  assert.deepEqual([first.bytes.length, second.bytes.length, third.bytes.length], [bytes, bytes, bytes]);
  assert.equal(memory.take(bytes), undefined);
  const at = first.bytes.byteOffset;
  first[Symbol.dispose]();
  const again = memory.take(bytes);
  assert.equal(again?.bytes.byteOffset, at);
  for (const lease of [second, third, again]) lease?.[Symbol.dispose]();
});

test("a body's memory that is given back twice must not widen the bound", () => {
  const memory = new WasmBodyMemory();
  const lease = memory.take(20 * mib);
  assert.ok(lease);
  lease[Symbol.dispose]();
  assert.throws(() => lease[Symbol.dispose](), /disposed of once/);
  const held = [memory.take(20 * mib), memory.take(12 * mib)];
  assert.ok(held.every((each) => each !== undefined));
  assert.equal(memory.take(1), undefined);
  for (const each of held) each?.[Symbol.dispose]();
});
