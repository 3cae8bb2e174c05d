import assert from "node:assert/strict";
import { test } from "node:test";
import { EncodingBudget } from "../../../../../src/server/http/budgets/encoding-budget.ts";
import { EventLoopTick } from "../../../../../src/time/event-loop-tick.ts";

const bytesMax = 100;

/** Makes responses of so many bytes at the same time; returns the tick of each. */
function making(tick: EventLoopTick, encoding: EncodingBudget, sizes: readonly number[]): Promise<readonly number[]> {
  return Promise.all(
    sizes.map(async (bytes) => {
      const turn = encoding.take();
      if (turn !== undefined) await turn;
      const made = tick.current;
      encoding.count(bytes);
      return made;
    }),
  );
}

test("one large response is made in a tick, however many are ready; small ones share it", async () => {
  const tick = new EventLoopTick();
  const encoding = new EncodingBudget(tick, bytesMax, () => 0);
  const ticks = await making(tick, encoding, [40, 40, 40, 500, 500, 10, 10, 10]);
  assert.equal(new Set(ticks.slice(0, 3)).size, 1);
  assert.equal(new Set(ticks.slice(2, 6)).size, 4, "each large one, and those behind it");
  assert.equal(new Set(ticks.slice(5)).size, 1);
  for (let ticks = 0; ticks < 4; ticks++) await tick.end();
  assert.equal(encoding.take(), undefined);
});

test("a response that comes right behind an accepted connection waits for those behind it", async () => {
  const tick = new EventLoopTick();
  let acceptedCount = 0;
  const encoding = new EncodingBudget(tick, bytesMax, () => acceptedCount);
  acceptedCount++;
  encoding.count(500);
  await tick.end();
  assert.notEqual(encoding.take(), undefined);
});

test("while connections arrive, large responses wait, but not for ever", async () => {
  const tick = new EventLoopTick();
  let acceptedCount = 0;
  let arriving = 20;
  const encoding = new EncodingBudget(tick, bytesMax, () => {
    if (arriving > 0) {
      arriving--;
      acceptedCount++;
    }
    return acceptedCount;
  });
  const [first = 0, second = 0, third = 0] = await making(tick, encoding, [500, 500, 500]);
  // It asks for the count twice in each tick.
  assert.ok(second - first >= 10, `${second - first} ticks`);
  assert.equal(third - second, 2);
  arriving = Number.POSITIVE_INFINITY;
  const [, late = 0] = await making(tick, encoding, [500, 500]);
  assert.ok(late - third <= 500, `${late - third} ticks`);
});
