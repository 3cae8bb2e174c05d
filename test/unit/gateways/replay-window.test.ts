import assert from "node:assert/strict";
import { test } from "node:test";
import { ReplayWindow } from "../../../src/gateways/replay-window.ts";

test("each number is taken once, in any order, and one that is long behind not at all", () => {
  const window = new ReplayWindow();
  for (const number of [3, 1, 2, 0]) assert.equal(window.take(number), true);
  for (const number of [0, 1, 2, 3]) assert.equal(window.take(number), false);
  for (let number = 10; number < 300_000; number++) window.take(number);
  assert.equal(window.take(5), false, "it cannot be told from one that was taken");
  assert.equal(window.take(299_999), false);
  assert.equal(window.take(300_005), true);
  assert.equal(window.take(300_001), true);
});
