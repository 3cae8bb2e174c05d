import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { WakeUp } from "../../../../src/engine/memory/wake-up.ts";

test("wake() wakes everyone who waits, and leaves no listener behind", async () => {
  const wakeUp = new WakeUp();
  const { signal } = new AbortController();
  for (let round = 0; round < 3; round++) {
    const waiting = [wakeUp.wait(signal), wakeUp.wait(signal)];
    assert.equal(getEventListeners(signal, "abort").length, 2);
    wakeUp.wake();
    await Promise.all(waiting);
    assert.equal(getEventListeners(signal, "abort").length, 0);
  }
});

test("an abort wakes only those who gave its signal", async () => {
  const wakeUp = new WakeUp();
  const aborting = new AbortController();
  let othersWoken = 0;
  const other = wakeUp.wait(new AbortController().signal).then(() => {
    othersWoken += 1;
  });
  const waiting = wakeUp.wait(aborting.signal);
  aborting.abort();
  await waiting;
  await wakeUp.wait(aborting.signal);
  assert.equal(othersWoken, 0);
  wakeUp.wake();
  await other;
});
