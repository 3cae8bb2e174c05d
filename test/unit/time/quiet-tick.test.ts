import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTick } from "node:timers/promises";
import { QuietTick } from "../../../src/time/quiet-tick.ts";

test("what comes alone waits for the end of its tick, and for no other one", async () => {
  const quiet = new QuietTick(3);
  for (let round = 0; round < 3; round++) {
    let isOver = false;
    void quiet.come().then(() => (isOver = true));
    await Promise.resolve();
    assert.equal(isOver, false);
    await nextTick();
    assert.equal(isOver, true);
  }
});

test("what comes in one tick after the other is let through together, and no later than the bound", async () => {
  const quiet = new QuietTick(3);
  const ends: number[] = [];
  for (let tick = 0; tick < 6; tick++) {
    // Asked for first, so that the next one comes before the end of this tick, as what is read from sockets does.
    const next = nextTick();
    void quiet.come().then(() => ends.push(tick));
    await next;
    if (tick < 2) assert.deepEqual(ends, []);
  }
  assert.deepEqual(ends.slice(0, 3), [0, 1, 2]);
  await nextTick();
  await nextTick();
  assert.deepEqual(ends, [0, 1, 2, 3, 4, 5]);
});
