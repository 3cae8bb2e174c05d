import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionResponses, ResponseBudget } from "../../../../src/server/http/response-budget.ts";

const signal = new AbortController().signal;

function track(promise: Promise<boolean>): { outcome: boolean | undefined } {
  const tracked: { outcome: boolean | undefined } = { outcome: undefined };
  void promise.then((outcome) => {
    tracked.outcome = outcome;
  });
  return tracked;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a response that does not fit waits, in the order of arrival, until others are sent", async () => {
  const budget = new ResponseBudget(100, 16);
  const [one, two, three] = [1, 2, 3].map(() => new ConnectionResponses(budget, 50));
  assert(one !== undefined && two !== undefined && three !== undefined);
  assert(budget.tryReserve(one, 60));
  assert(!budget.tryReserve(two, 60));
  const second = track(budget.wait(two, 60, signal));
  assert(!budget.tryReserve(three, 30), "it may not overtake");
  const third = track(budget.wait(three, 30, signal));
  await settled();
  assert.deepEqual([second.outcome, third.outcome], [undefined, undefined]);
  one.add(-60);
  await settled();
  assert.deepEqual([second.outcome, third.outcome], [true, true]);
  assert.equal(budget.bytesHeld, 90);
});

test("a small response does not wait for large ones", () => {
  const budget = new ResponseBudget(100, 16);
  const [one, two] = [new ConnectionResponses(budget, 200), new ConnectionResponses(budget, 200)];
  assert(budget.tryReserve(one, 100));
  void budget.wait(two, 50, signal);
  const third = new ConnectionResponses(budget, 200);
  for (let count = 0; count < 8; count++) assert(budget.tryReserve(third, 2));
  assert(!budget.tryReserve(third, 2), "the reserve is used up");
});

test("a connection above its own mark keeps no other one waiting", async () => {
  const budget = new ResponseBudget(100, 16);
  const [full, other] = [new ConnectionResponses(budget, 10), new ConnectionResponses(budget, 10)];
  full.add(10);
  const own = track(budget.wait(full, 20, signal));
  other.add(1);
  const others = track(budget.wait(other, 20, signal));
  other.add(-1);
  await settled();
  assert.deepEqual([own.outcome, others.outcome], [undefined, true]);
  assert(!full.mayStart);
});

test("a client that goes leaves the queue, and a response larger than all memory is made alone", async () => {
  const budget = new ResponseBudget(100, 16);
  const [one, two] = [new ConnectionResponses(budget, 50), new ConnectionResponses(budget, 50)];
  assert(budget.tryReserve(one, 1_000));
  const leaving = new AbortController();
  const gone = track(budget.wait(two, 90, leaving.signal));
  leaving.abort();
  await settled();
  assert.equal(gone.outcome, false);
  assert.equal(budget.waitingCount, 0);
  assert.equal(two.waitingCount, 0);
  one.add(-1_000);
  assert.equal(budget.bytesHeld, 0);
});
