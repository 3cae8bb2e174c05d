import assert from "node:assert/strict";
import { test } from "node:test";
import { EventLoopTick } from "../../../../src/server/http/event-loop-tick.ts";

test("a turn ends once, for all who wait for it, and after what its poll brought has been handled", async () => {
  const turn = new EventLoopTick();
  const seen: string[] = [];
  const begun = turn.current;
  const waiting = [1, 2].map((waiter) => turn.end().then(() => seen.push(`waiter ${waiter}`)));
  await Promise.resolve();
  await new Promise<void>((resolve) => process.nextTick(resolve));
  seen.push("handled");
  assert.equal(turn.current, begun);
  await Promise.all(waiting);
  assert.deepEqual(seen, ["handled", "waiter 1", "waiter 2"]);
  assert.notEqual(turn.current, begun);
});

test("a turn ends also if nobody waits for its end", async () => {
  const turn = new EventLoopTick();
  const begun = turn.current;
  await new Promise((resolve) => setImmediate(resolve));
  assert.notEqual(turn.current, begun);
});
