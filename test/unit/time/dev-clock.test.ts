import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { DevClock } from "../../../src/time/dev-clock.ts";
import { systemClock } from "../../../src/time/system-clock.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";

const hourMs = 3_600_000;

function clocks() {
  const base = new SimulatedClock(1_000_000_000_000);
  return { base, clock: new DevClock(base) };
}

/** The names of delays in the order in which they ended. */
function watched() {
  const ended: string[] = [];
  return { ended, watch: (name: string, delay: Promise<void>) => void delay.then(() => ended.push(name)) };
}

test("a DevClock that is not moved returns the time of the clock underneath", async () => {
  const { base, clock } = clocks();
  await base.advance(1_234);
  assert.deepEqual([clock.nowMs(), clock.monotonicMs(), clock.movedByMs], [base.nowMs(), base.monotonicMs(), 0]);
});

test("a jump ahead moves both clocks, a jump back the wall clock alone", () => {
  const { base, clock } = clocks();
  clock.moveBy(hourMs);
  assert.deepEqual([clock.nowMs() - base.nowMs(), clock.monotonicMs()], [hourMs, hourMs]);
  clock.moveBy(-3 * hourMs);
  assert.deepEqual([clock.movedByMs, clock.monotonicMs()], [-2 * hourMs, hourMs]);
  clock.moveBy(hourMs);
  assert.deepEqual([clock.movedByMs, clock.monotonicMs()], [-hourMs, 2 * hourMs]);
});

test("a jump ahead ends the delays that it passes and shortens the others", async () => {
  const { base, clock } = clocks();
  const { ended, watch } = watched();
  watch("1 h", clock.delay(hourMs));
  watch("3 h", clock.delay(3 * hourMs));
  clock.moveBy(2 * hourMs);
  await nextTurn();
  assert.deepEqual(ended, ["1 h"]);
  await base.advance(hourMs - 1);
  assert.deepEqual(ended, ["1 h"]);
  await base.advance(1);
  assert.deepEqual(ended, ["1 h", "3 h"]);
  assert.equal(base.pendingDelayCount, 0);
});

test("a jump back leaves delays as long as they were", async () => {
  const { base, clock } = clocks();
  const { ended, watch } = watched();
  watch("1 h", clock.delay(hourMs));
  clock.moveBy(-10 * hourMs);
  await base.advance(hourMs);
  assert.deepEqual(ended, ["1 h"]);
});

test("delay() of longer than a timer can wait ends in its time", async () => {
  const { base, clock } = clocks();
  const { ended, watch } = watched();
  watch("60 days", clock.delay(60 * 24 * hourMs));
  await base.advance(60 * 24 * hourMs - 1);
  assert.deepEqual(ended, []);
  await base.advance(1);
  assert.deepEqual(ended, ["60 days"]);
});

test("delay() rejects with the signal's reason, before and after jumps", async () => {
  const { base, clock } = clocks();
  const stop = new AbortController();
  const reason = new Error("enough");
  const delays = [clock.delay(5 * hourMs, stop.signal)];
  clock.moveBy(hourMs);
  await nextTurn();
  delays.push(clock.delay(5 * hourMs, stop.signal));
  stop.abort(reason);
  for (const outcome of await Promise.allSettled(delays)) assert.deepEqual(outcome, { status: "rejected", reason });
  await assert.rejects(clock.delay(1, stop.signal), reason);
  assert.equal(base.pendingDelayCount, 0);
});

test("over the system's clock, a day passes at once", async () => {
  const clock = new DevClock(systemClock);
  const passed = clock.delay(24 * hourMs);
  clock.moveBy(24 * hourMs);
  await passed;
});
