import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { mapInParts } from "../../../src/collections/map-in-parts.ts";

test("no more items than allowed are worked on at a time, and results keep the order of the items", async () => {
  const items = Array.from({ length: 10 }, (_, item) => item);
  let [running, most] = [0, 0];
  const results = await mapInParts(items, 4, async (item) => {
    running += 1;
    most = Math.max(most, running);
    for (let turn = 10 - item; turn > 0; turn--) await nextTurn();
    running -= 1;
    return item * 2;
  });
  assert.deepEqual(
    results,
    items.map((item) => item * 2),
  );
  assert.equal(most, 4);
});
