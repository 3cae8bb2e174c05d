import assert from "node:assert/strict";
import { test } from "node:test";
import { ResponseBudget } from "../../../../../src/server/http/budgets/response-budget.ts";

const { signal } = new AbortController();
const limits = {
  responseBytesInFlightMax: 800,
  peerResponseBytesInFlightMax: 800,
  responseBytesMin: 10,
  smallResponseReserveBytes: 0,
  responsesMadeAtOnceMax: 2,
};
const ofConnection = (bytesMax = 1_000) => ({ bytesMax, startedCountMax: 3 });

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
  const granted = Array.from({ length: 6 }, () => budget.take(budget.join("a", ofConnection()), { bytesMax: 200 }));
  // 800 and 600 and 400 are free, which is plenty; then 200, 175 and 154.
  assert.deepEqual(granted, [200, 200, 200, 25, 21, 19]);
  assert.equal(budget.bytesHeld, 665);
});

test("a response waits when too little is free, and gets its part when others have been sent", async () => {
  const budget = budgetWith();
  const [one, two] = [budget.join("a", ofConnection()), budget.join("a", ofConnection())];
  one.add(780);
  assert.equal(budget.take(two, { bytesMax: 200 }), undefined);
  const waiting = track(budget.wait(two, { bytesMax: 200 }, signal));
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
  while (budget.take(budget.join("a", ofConnection()), { bytesMax: 300 }) !== undefined) count++;
  assert.ok(count > 20, `${count}`);
  assert.ok(budget.bytesHeld < 800, `${budget.bytesHeld}`);
});

test("responses of one peer leave a part to all others, who do not wait behind them", async () => {
  const budget = budgetWith({ peerResponseBytesInFlightMax: 500 });
  const greedy = () => budget.join("192.0.2.1", ofConnection());
  while (budget.take(greedy(), { bytesMax: 300 }) !== undefined);
  const greedyWaits = track(budget.wait(greedy(), { bytesMax: 300 }, signal));
  const polite = budget.join("192.0.2.2", ofConnection());
  assert.equal(budget.take(polite, { bytesMax: 100 }), 100);
  polite.add(-100);
  await settled();
  assert.equal(greedyWaits.granted, "waits");
});

test("an IPv6 network is one peer, and a peer that has left is forgotten", () => {
  const budget = budgetWith({ peerResponseBytesInFlightMax: 100 });
  const one = budget.join("2001:db8::1", ofConnection());
  one.add(100);
  const other = budget.join("2001:db8::2", ofConnection());
  assert.equal(budget.take(other, { bytesMax: 50 }), undefined);
  one.add(-100);
  budget.leave("2001:db8::1", one);
  budget.leave("2001:db8::2", other);
  assert.notEqual(budget.join("2001:db8::1", ofConnection()).peer, one.peer);
});

test("a connection above its own mark keeps no other one waiting", async () => {
  const budget = budgetWith();
  const [full, other] = [budget.join("a", ofConnection(10)), budget.join("a", ofConnection(10))];
  full.add(10);
  const own = track(budget.wait(full, { bytesMax: 20 }, signal));
  other.add(1);
  const others = track(budget.wait(other, { bytesMax: 20 }, signal));
  other.add(-1);
  await settled();
  assert.deepEqual([own.granted, others.granted], ["waits", 20]);
  assert(!full.mayStart);
});

test("a request is started once its connection has sent enough, or the budget has room again", async () => {
  const budget = budgetWith();
  const [one, two] = [budget.join("a", ofConnection(100)), budget.join("a", ofConnection(900))];
  two.add(800);
  assert.ok(one.mayStart, "it holds nothing");
  one.add(1);
  assert.ok(!one.mayStart);
  const waiting = track(budget.wait(one, { bytesMax: 0 }, signal));
  await settled();
  assert.equal(waiting.granted, "waits");
  two.add(-10);
  await settled();
  assert.equal(waiting.granted, 0);
  assert.equal(one.heldBytes, 1);
});

test("a client that goes leaves the queue, and a response larger than all memory is made alone", async () => {
  const budget = budgetWith();
  const [one, two] = [budget.join("a", ofConnection()), budget.join("a", ofConnection())];
  assert.equal(budget.take(one, { bytesMax: 5_000 }), 5_000);
  const leaving = new AbortController();
  const gone = track(budget.wait(two, { bytesMax: 90 }, leaving.signal));
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
  const connection = budget.join("a", ofConnection());
  assert.ok(!budget.takeShortage());
  connection.add(700);
  budget.take(connection, { bytesMax: 100 });
  assert.ok(budget.takeShortage());
  assert.ok(!budget.takeShortage());
});

test("what is read and made is made a few at a time, and waiting for that is no shortage of memory", async () => {
  const budget = budgetWith({ responsesMadeAtOnceMax: 2 });
  const join = () => budget.join("a", ofConnection());
  const made = { bytesMax: 20, isMade: true };
  assert.deepEqual([budget.take(join(), made), budget.take(join(), made)], [20, 20]);
  assert(!budget.isAmpleFor(join(), 20));
  assert.equal(budget.take(join(), made), undefined);
  const waiting = track(budget.wait(join(), made, signal));
  await settled();
  assert.equal(waiting.granted, "waits");
  assert(!budget.isShort);
  assert(!budget.takeShortage());
  assert.equal(budget.take(join(), { bytesMax: 20 }), 20, "what is there already need not wait");
  budget.endMaking();
  await settled();
  assert.equal(waiting.granted, 20);
});

test("large responses leave a reserve, which small ones may take", () => {
  const budget = budgetWith({ smallResponseReserveBytes: 100 });
  const greedy = budget.join("a", ofConnection());
  greedy.add(650);
  assert.equal(budget.take(budget.join("a", ofConnection()), { bytesMax: 300 }), undefined);
  assert.equal(budget.take(budget.join("a", ofConnection()), { bytesMax: 9 }), 9);
});

test("a subscription that waits keeps no request of its connection waiting", async () => {
  const budget = budgetWith();
  const [full, shared] = [budget.join("a", ofConnection(2_000)), budget.join("a", ofConnection())];
  full.add(795);
  shared.add(1);
  const push = track(budget.wait(shared, { bytesMax: 300, isPush: true }, signal));
  await settled();
  assert.equal(push.granted, "waits");
  assert(budget.isShort);
  assert(shared.mayStart);
  full.add(-795);
  await settled();
  assert.equal(push.granted, 300);
});

test("requests of one connection are started in their order, a few at a time", async () => {
  const budget = budgetWith();
  const connection = budget.join("a", ofConnection());
  const starts: number[] = [];
  for (let number = 0; number < 3; number++) {
    assert(connection.mayStart);
    connection.startRequest();
  }
  for (const number of [3, 4]) {
    assert(!connection.mayStart);
    void budget.wait(connection, { bytesMax: 0 }, signal).then(() => starts.push(number));
  }
  await settled();
  assert.deepEqual(starts, []);
  connection.endRequest();
  await settled();
  assert.deepEqual(starts, [3]);
  assert(!connection.mayStart, "one waits before");
  connection.endRequest();
  connection.endRequest();
  await settled();
  assert.deepEqual(starts, [3, 4]);
  assert(connection.mayStart);
});
