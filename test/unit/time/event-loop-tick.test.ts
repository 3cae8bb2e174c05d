import assert from "node:assert/strict";
import { test } from "node:test";
import { EventLoopTick } from "../../../src/time/event-loop-tick.ts";

test("a tick ends once for all that await it, after everything of its poll has been handled", async () => {
  const tick = new EventLoopTick();
  const seen: string[] = [];
  const begun = tick.current;
  const waiting = [1, 2].map((waiter) => tick.end().then(() => seen.push(`waiter ${waiter}`)));
  await Promise.resolve();
  await new Promise<void>((resolve) => process.nextTick(resolve));
  seen.push("handled");
  assert.equal(tick.current, begun);
  await Promise.all(waiting);
  assert.deepEqual(seen, ["handled", "waiter 1", "waiter 2"]);
  assert.notEqual(tick.current, begun);
});

test("a tick ends also if nothing awaits it", async () => {
  const tick = new EventLoopTick();
  const begun = tick.current;
  await new Promise((resolve) => setImmediate(resolve));
  assert.notEqual(tick.current, begun);
});
