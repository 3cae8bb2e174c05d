import assert from "node:assert/strict";
import { test } from "node:test";
import { SweptMap } from "../../../src/limits/swept-map.ts";

function countOf(map: SweptMap<number>, keys: readonly string[]): number {
  return keys.filter((key) => map.get(key) !== undefined).length;
}

test("entries at rest go, the others stay", () => {
  const map = new SweptMap<number>((busyUntilMs, nowMs) => nowMs >= busyUntilMs);
  map.add("busy", Number.POSITIVE_INFINITY, 0);
  const idleKeys = Array.from({ length: 100_000 }, (_, i) => `idle ${i}`);
  for (const [i, key] of idleKeys.entries()) map.add(key, i, i);
  const count = countOf(map, idleKeys);
  assert.ok(count <= 1_024, `${count} entries`);
  assert.equal(map.get("busy"), Number.POSITIVE_INFINITY);
  assert.equal(map.get("idle 0"), undefined);
});

test("the map stays bounded when nothing comes to rest", () => {
  const map = new SweptMap<number>(() => false);
  const keys = Array.from({ length: 300_000 }, (_, i) => `${i}`);
  for (const [i, key] of keys.entries()) map.add(key, i, 0);
  const count = countOf(map, keys);
  assert.ok(count <= 131_072, `${count} entries`);
  assert.equal(map.get("299999"), 299_999);
  assert.equal(map.get("0"), undefined);
});
