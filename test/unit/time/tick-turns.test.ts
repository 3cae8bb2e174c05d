import assert from "node:assert/strict";
import { test } from "node:test";
import { TickTurns } from "../../../src/time/tick-turns.ts";

test("turns come in the order in which they are asked for, each in another tick", async () => {
  const turns = new TickTurns();
  let tick = 0;
  const counting = { isOver: false };
  const count = (): void => {
    tick += 1;
    if (!counting.isOver) setImmediate(count);
  };
  setImmediate(count);
  const given: (readonly [name: string, tick: number])[] = [];
  const take = async (name: string): Promise<void> => {
    await turns.next();
    given.push([name, tick]);
  };
  await Promise.all([take("a"), take("b"), take("c")]);
  await take("d");
  counting.isOver = true;
  assert.deepEqual(
    given.map(([name]) => name),
    ["a", "b", "c", "d"],
  );
  assert.equal(new Set(given.map(([, inTick]) => inTick)).size, given.length);
});
