import assert from "node:assert/strict";
import { test } from "node:test";
import { EncodingBudget } from "../../../../src/server/http/encoding-budget.ts";
import { EventLoopTick } from "../../../../src/server/http/event-loop-tick.ts";

test("one large response is encoded in a tick, however many are ready; small ones share it", async () => {
  const tick = new EventLoopTick();
  const encoding = new EncodingBudget(tick, 100);
  const tickOf: number[] = [];
  const encode = async (bytes: number): Promise<void> => {
    const turn = encoding.take();
    if (turn !== undefined) await turn;
    tickOf.push(tick.current);
    encoding.count(bytes);
  };
  await Promise.all([40, 40, 40, 500, 500].map(encode));
  assert.equal(new Set(tickOf.slice(0, 3)).size, 1);
  assert.equal(new Set(tickOf.slice(2)).size, 3);
  await tick.end();
  assert.equal(encoding.take(), undefined);
});
