import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesUnits, durationUnits, timeTicks, valueTicks } from "../../../../../console/src/plots/ticks.ts";

test("ticks of values are round, begin at zero, and are few, whatever the largest value", () => {
  assert.deepEqual(valueTicks(0), [0]);
  assert.deepEqual(valueTicks(1), [0, 0.5, 1]);
  assert.deepEqual(valueTicks(96), [0, 50]);
  assert.deepEqual(valueTicks(1_234), [0, 500, 1_000]);
  for (const max of [0.003, 0.7, 3, 9.99, 10, 47, 101, 65_536, 1e9]) {
    const ticks = valueTicks(max);
    assert(ticks.length >= 2 && ticks.length <= 5, `${max}: ${ticks}`);
    assert((ticks.at(-1) ?? 0) <= max + 1e-9, `${max}: ${ticks}`);
  }
});

test("ticks of bytes and durations are round in the unit that they are shown in", () => {
  assert.deepEqual(valueTicks(3 * 1024 ** 2, bytesUnits), [0, 1024 ** 2, 2 * 1024 ** 2, 3 * 1024 ** 2]);
  assert.deepEqual(valueTicks(512, bytesUnits), [0, 200, 400]);
  assert.deepEqual(valueTicks(230_000, durationUnits), [0, 60_000, 120_000, 180_000]);
});

test("ticks of time are round minutes of the span, no more than have room", () => {
  assert.deepEqual(timeTicks(90, 330, 6), [120, 180, 240, 300]);
  assert.deepEqual(timeTicks(0, 3_600, 4), [0, 900, 1_800, 2_700, 3_600]);
  for (const countMax of [1, 2.5, 7]) {
    const ticks = timeTicks(1_000, 1_900, countMax);
    assert(ticks.length <= countMax + 1 && ticks.every((tick) => tick >= 1_000 && tick <= 1_900), `${ticks}`);
  }
});
