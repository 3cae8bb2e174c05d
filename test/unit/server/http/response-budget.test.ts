import assert from "node:assert/strict";
import { test } from "node:test";
import { ResponseBudget } from "../../../../src/server/http/response-budget.ts";

const { signal } = new AbortController();
const limits = { responseBytesInFlightMax: 800, peerResponseBytesInFlightMax: 800, responseBytesMin: 10 };
const connectionBytesMax = 1_000;

interface Tracked {
  granted: number | undefined | "waits";
}

function track(promise: Promise<number | undefined>): Tracked {
  const tracked: Tracked = { granted: "waits" };
  void promise.then((granted) => {
    tracked.granted = granted;
  });
  return tracked;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const budgetWith = (some: Partial<typeof limits> = {}) => new ResponseBudget({ ...limits, ...some });

test("a response gets what it asks for while there is plenty, then an eighth of what is free", () => {
  const budget = budgetWith();
  const granted = Array.from({ length: 6 }, () => budget.take(budget.join("a", connectionBytesMax), 200));
  // 800 and 600 and 400 are free, which is plenty; then 200, 175 and 154.
  assert.deepEqual(granted, [200, 200, 200, 25, 21, 19]);
  assert.equal(budget.bytesHeld, 665);
});

test("a response waits when too little is free, and gets its part when others have been sent", async () => {
  const budget = budgetWith();
  const [one, two] = [budget.join("a", connectionBytesMax), budget.join("a", connectionBytesMax)];
  one.add(780);
  assert.equal(budget.take(two, 200), undefined);
  const waiting = track(budget.wait(two, 200, signal));
  one.add(-20);
  await settled();
  assert.equal(waiting.granted, "waits");
  one.add(-80);
  await settled();
  assert.equal(waiting.granted, 15);
  assert.equal(two.heldBytes, 15);
});

test("many responses that nothing reads never take all memory", () => {
  const budget = budgetWith({ responseBytesMin: 2 });
  let count = 0;
  while (budget.take(budget.join("a", connectionBytesMax), 300) !== undefined) count++;
  assert.ok(count > 20, `${count}`);
  assert.ok(budget.bytesHeld < 800, `${budget.bytesHeld}`);
});

test("responses of one peer leave a part to all others, who do not wait behind them", async () => {
  const budget = budgetWith({ peerResponseBytesInFlightMax: 500 });
  const greedy = () => budget.join("192.0.2.1", connectionBytesMax);
  while (budget.take(greedy(), 300) !== undefined);
  const greedyWaits = track(budget.wait(greedy(), 300, signal));
  const polite = budget.join("192.0.2.2", connectionBytesMax);
  assert.equal(budget.take(polite, 100), 100);
  polite.add(-100);
  await settled();
  assert.equal(greedyWaits.granted, "waits");
});

test("an IPv6 network is one peer, and a peer that has left is forgotten", () => {
  const budget = budgetWith({ peerResponseBytesInFlightMax: 100 });
  const one = budget.join("2001:db8::1", connectionBytesMax);
  one.add(100);
  const other = budget.join("2001:db8::2", connectionBytesMax);
  assert.equal(budget.take(other, 50), undefined);
  one.add(-100);
  budget.leave("2001:db8::1", one);
  budget.leave("2001:db8::2", other);
  assert.notEqual(budget.join("2001:db8::1", connectionBytesMax).peer, one.peer);
});

test("a connection above its own mark keeps no other one waiting", async () => {
  const budget = budgetWith();
  const [full, other] = [budget.join("a", 10), budget.join("a", 10)];
  full.add(10);
  const own = track(budget.wait(full, 20, signal));
  other.add(1);
  const others = track(budget.wait(other, 20, signal));
  other.add(-1);
  await settled();
  assert.deepEqual([own.granted, others.granted], ["waits", 20]);
  assert(!full.mayStart);
});

test("a request is started once its connection has sent enough, or the budget has room again", async () => {
  const budget = budgetWith();
  const [one, two] = [budget.join("a", 100), budget.join("a", 900)];
  two.add(800);
  assert.ok(one.mayStart, "it holds nothing");
  one.add(1);
  assert.ok(!one.mayStart);
  const waiting = track(budget.wait(one, 0, signal));
  await settled();
  assert.equal(waiting.granted, "waits");
  two.add(-10);
  await settled();
  assert.equal(waiting.granted, 0);
  assert.equal(one.heldBytes, 1);
});

test("a client that goes leaves the queue, and a response larger than all memory is made alone", async () => {
  const budget = budgetWith();
  const [one, two] = [budget.join("a", connectionBytesMax), budget.join("a", connectionBytesMax)];
  assert.equal(budget.take(one, 5_000), 5_000);
  const leaving = new AbortController();
  const gone = track(budget.wait(two, 90, leaving.signal));
  leaving.abort();
  await settled();
  assert.equal(gone.granted, undefined);
  assert.equal(budget.waitingCount, 0);
  assert.equal(two.waitingCount, 0);
  one.add(-5_000);
  assert.equal(budget.bytesHeld, 0);
});

test("memory is short from the first response that waits or gets less, until none does", () => {
  const budget = budgetWith();
  const connection = budget.join("a", connectionBytesMax);
  assert.ok(!budget.takeShortage());
  connection.add(700);
  budget.take(connection, 100);
  assert.ok(budget.takeShortage());
  assert.ok(!budget.takeShortage());
});
