import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { SimulatedClock } from "./simulated-clock.ts";

test("time stands still until it is moved, and only the wall clock steps back", async () => {
  const clock = new SimulatedClock(5_000);
  assert.deepEqual([clock.nowMs(), clock.monotonicMs()], [5_000, 0]);
  await clock.advance(100);
  assert.deepEqual([clock.nowMs(), clock.monotonicMs()], [5_100, 100]);
  clock.set(1_000);
  assert.deepEqual([clock.nowMs(), clock.monotonicMs()], [1_000, 100]);
  const moving = clock.advance(50);
  assert.equal(clock.nowMs(), 1_050, "without a delay due, the clock has moved at once");
  await moving;
  await assert.rejects(clock.advance(-1), assert.AssertionError);
});

test("advance() fires delays in due order, each at its own moment, and those that they ask for", async () => {
  const clock = new SimulatedClock(0);
  const fired: string[] = [];
  const note = (name: string) => (): void => {
    fired.push(`${name} at ${clock.nowMs()}`);
  };
  const delays = [
    clock.delay(30).then(note("c")),
    clock.delay(10).then(note("a")),
    clock.delay(10).then(note("b")),
    clock
      .delay(5)
      .then(() => clock.delay(15))
      .then(note("chained")),
    clock.delay(31).then(note("late")),
  ];
  await clock.advance(30);
  assert.deepEqual(fired, ["a at 10", "b at 10", "chained at 20", "c at 30"]);
  assert.equal(clock.pendingDelayCount, 1);
  await clock.runUntilIdle();
  await Promise.all(delays);
  assert.deepEqual(fired.at(-1), "late at 31");
});

test("a step of the wall clock neither fires nor postpones a delay", async () => {
  const clock = new SimulatedClock();
  const delay = clock.delay(1_000);
  clock.set(clock.nowMs() + 1_000_000);
  await clock.advance(999);
  assert.equal(clock.pendingDelayCount, 1);
  clock.set(0);
  await clock.advance(1);
  await delay;
});

test("an aborted delay rejects with the signal's reason and is forgotten", async () => {
  const clock = new SimulatedClock();
  const controller = new AbortController();
  const reason = new Error("enough");
  const delay = clock.delay(1_000, controller.signal);
  const done = clock.delay(10, controller.signal);
  await clock.advance(10);
  await done;
  assert.equal(getEventListeners(controller.signal, "abort").length, 1);
  controller.abort(reason);
  await assert.rejects(delay, reason);
  await assert.rejects(clock.delay(1, controller.signal), reason);
  assert.equal(clock.pendingDelayCount, 0);
});

test("runUntilIdle() gives up on a loop that never ends", async () => {
  const clock = new SimulatedClock();
  const controller = new AbortController();
  const loop = (async () => {
    for (;;) await clock.delay(1, controller.signal);
  })();
  await assert.rejects(clock.runUntilIdle(), /keep coming/);
  controller.abort();
  await assert.rejects(loop);
});
