import assert from "node:assert/strict";
import { test } from "node:test";
import { HeadBudget } from "../../../../../src/server/http/budgets/head-budget.ts";
import { EventLoopTick } from "../../../../../src/time/event-loop-tick.ts";

test("the budget is spent until the tick ends, and a short head counts 1 KiB", async () => {
  const tick = new EventLoopTick();
  const heads = new HeadBudget(tick, { headBytesPerTickMax: 4096, resumedPerTickMax: 1 }, () => 0);
  for (let count = 0; count < 3; count++) heads.count(20);
  assert.equal(heads.isSpent, false);
  heads.count(1025);
  assert.equal(heads.isSpent, true);
  await tick.end();
  assert.equal(heads.isSpent, false);
});

test("those that wait go on in their order, some in each tick, and one that leaves does not", async () => {
  const tick = new EventLoopTick();
  const heads = new HeadBudget(tick, { headBytesPerTickMax: 4096, resumedPerTickMax: 2 }, () => 0);
  const resumed: (readonly [name: string, tick: number])[] = [];
  const before = tick.current;
  const waiting = ["a", "b", "c", "d", "e"].map((name) => () => {
    resumed.push([name, tick.current - before]);
  });
  for (const resume of waiting) heads.wait(resume);
  heads.leave(waiting[2] as () => void);
  while (resumed.length < 4) await tick.end();
  assert.deepEqual(
    resumed.map(([name]) => name),
    ["a", "b", "d", "e"],
  );
  const [first = 0, second = 0, third = 0, fourth = 0] = resumed.map(([, number]) => number);
  assert(first > 0 && first === second && second < third && third === fourth, `ticks ${resumed.join()}`);
});

test("while connections arrive none goes on, and no second head of a connection is parsed", async () => {
  const tick = new EventLoopTick();
  let acceptedCount = 0;
  const heads = new HeadBudget(tick, { headBytesPerTickMax: 4096, resumedPerTickMax: 1 }, () => acceptedCount);
  let hasResumed = false;
  heads.wait(() => {
    hasResumed = true;
  });
  heads.wait(() => undefined);
  for (; acceptedCount < 20; acceptedCount++) await tick.end();
  assert.equal(hasResumed, false);
  assert.equal(heads.isSpent, true);
  for (let ticks = 0; ticks < 3; ticks++) await tick.end();
  assert.equal(hasResumed, true);
  assert.equal(heads.isSpent, false);
});
