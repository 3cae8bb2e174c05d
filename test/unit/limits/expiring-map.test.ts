import assert from "node:assert/strict";
import { test } from "node:test";
import { ExpiringMap } from "../../../src/limits/expiring-map.ts";

test("entries at rest go, the others stay", () => {
  const map = new ExpiringMap<number>((busyUntilMs, nowMs) => nowMs >= busyUntilMs);
  map.add("busy", Number.POSITIVE_INFINITY, 0);
  for (let i = 0; i < 100_000; i++) map.add(`idle ${i}`, i, i);
  assert.ok(map.size <= 1_024, `${map.size} entries`);
  assert.equal(map.get("busy"), Number.POSITIVE_INFINITY);
  assert.equal(map.get("idle 0"), undefined);
});

test("the map stays bounded when nothing comes to rest", () => {
  const map = new ExpiringMap<number>(() => false);
  for (let i = 0; i < 300_000; i++) map.add(`${i}`, i, 0);
  assert.ok(map.size <= 131_072, `${map.size} entries`);
  assert.equal(map.get("299999"), 299_999);
  assert.equal(map.get("0"), undefined);
});
