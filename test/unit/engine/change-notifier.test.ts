import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { ChangeNotifier } from "../../../src/engine/change-notifier.ts";

test("notify() wakes all waiters and leaves no listener behind", async () => {
  const notifier = new ChangeNotifier();
  const { signal } = new AbortController();
  for (let round = 0; round < 3; round++) {
    const waiting = [notifier.wait(signal), notifier.wait(signal)];
    assert.equal(getEventListeners(signal, "abort").length, 2);
    notifier.notify();
    await Promise.all(waiting);
    assert.equal(getEventListeners(signal, "abort").length, 0);
  }
});

test("an abort wakes only the waiters that passed its signal", async () => {
  const notifier = new ChangeNotifier();
  const aborting = new AbortController();
  let othersWoken = 0;
  const other = notifier.wait(new AbortController().signal).then(() => {
    othersWoken += 1;
  });
  const waiting = notifier.wait(aborting.signal);
  aborting.abort();
  await waiting;
  await notifier.wait(aborting.signal);
  assert.equal(othersWoken, 0);
  notifier.notify();
  await other;
});
