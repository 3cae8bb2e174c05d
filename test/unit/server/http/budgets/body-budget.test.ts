import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BodyBudget, type BodyBudgetLimits } from "../../../../../src/server/http/budgets/body-budget.ts";
import { SubBudget, type WaitingBody } from "../../../../../src/server/http/budgets/sub-budget.ts";

const limits: BodyBudgetLimits = {
  requestBytesInFlightMax: 1000,
  peerRequestBytesInFlightMax: 600,
  smallBodyBytesMax: 10,
  smallBodyReserveBytes: 100,
  unreadStreamBytesMax: 100,
  sessionUnreadStreamBytesMax: 60,
};

class Waiter implements WaitingBody {
  resumedCount = 0;
  resume(): void {
    this.resumedCount++;
  }
}

test("large bodies leave a reserve for small ones, of which one peer gets a part", () => {
  const budget = new BodyBudget(limits);
  const [one, other] = [budget.join("1.1.1.1"), budget.join("2.2.2.2")];
  assert(budget.reserve(one, 500));
  assert(budget.reserve(other, 400));
  assert(!budget.reserve(other, 11));
  let count = 0;
  while (budget.reserve(one, 10)) count++;
  assert.equal(count, 10);
  assert(budget.reserve(budget.join("3.3.3.3"), 10));
});

test("a peer gets no more than its share, over all its connections and sessions", () => {
  const budget = new BodyBudget(limits);
  const peer = budget.join("2001:db8::1");
  assert.equal(budget.join("2001:db8::2"), peer);
  const session = new SubBudget(300, peer);
  assert(budget.reserve(session, 250));
  assert(!budget.reserve(session, 100));
  assert(budget.reserve(peer, 350));
  assert(!budget.reserve(peer, 11));
  assert(budget.reserve(budget.join("2.2.2.2"), 300));
});

test("a body larger than the budget proceeds alone", () => {
  const budget = new BodyBudget(limits);
  const peer = budget.join("1.1.1.1");
  assert(budget.reserve(peer, 5000));
  assert(!budget.reserve(budget.join("2.2.2.2"), 11));
  budget.release(peer, 5000);
  assert.equal(budget.bytesHeld, 0);
});

test("no later body overtakes a large one that waits for what all hold", () => {
  const budget = new BodyBudget(limits);
  const [one, other, third] = [budget.join("1.1.1.1"), budget.join("2.2.2.2"), budget.join("3.3.3.3")];
  assert(budget.reserve(one, 500) && budget.reserve(other, 300));
  const [large, later] = [new Waiter(), new Waiter()];
  assert(!budget.reserve(third, 550));
  budget.wait(third, large, 550);
  budget.wait(other, later, 200);
  budget.release(other, 300);
  assert.deepEqual([large.resumedCount, later.resumedCount, budget.waitingCount], [0, 0, 2]);
  assert(!budget.reserve(other, 100));
  budget.release(one, 500);
  assert.deepEqual([large.resumedCount, later.resumedCount, budget.waitingCount], [1, 1, 0]);
});

test("a body that is given up lets the next one go on", () => {
  const budget = new BodyBudget(limits);
  const peer = budget.join("1.1.1.1");
  assert(budget.reserve(peer, 500));
  const [first, second] = [new Waiter(), new Waiter()];
  budget.wait(peer, first, 400);
  budget.wait(peer, second, 100);
  budget.stopWaiting(peer, first);
  budget.stopWaiting(peer, first);
  assert.deepEqual([first.resumedCount, second.resumedCount, budget.waitingCount], [0, 1, 0]);
});

test("paused streams are bounded, of a session and of all", () => {
  const budget = new BodyBudget(limits);
  const [one, other] = [new SubBudget(300), new SubBudget(300)];
  assert(budget.takeUnread(one, 60));
  assert(!budget.takeUnread(one, 1));
  assert(budget.takeUnread(other, 40));
  assert(!budget.takeUnread(other, 1));
  budget.releaseUnread(one, 60);
  assert(budget.takeUnread(other, 1));
});

test("whatever the order, all bodies get their memory and the bound holds", () => {
  const body = fc.record({ bytes: fc.integer({ min: 1, max: 1500 }), peer: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(body, { minLength: 1, maxLength: 20 }), fc.infiniteStream(fc.nat()), (bodies, choices) => {
      const budget = new BodyBudget(limits);
      const shares = [0, 1, 2, 3].map((peer) => budget.join(`10.0.0.${peer}`));
      const held = new Set<(typeof bodies)[number]>();
      for (const one of bodies) {
        const share = shares[one.peer] as SubBudget;
        if (budget.reserve(share, one.bytes)) held.add(one);
        else budget.wait(share, { resume: () => void held.add(one) }, one.bytes);
      }
      const bound = limits.requestBytesInFlightMax + Math.max(...bodies.map(({ bytes }) => bytes)) + 100;
      for (let done = 0; done < bodies.length; done++) {
        assert(held.size > 0, "all wait for one another");
        assert(budget.bytesHeld <= bound, `${budget.bytesHeld} > ${bound}`);
        const next = [...held][choices.next().value % held.size] as (typeof bodies)[number];
        held.delete(next);
        budget.release(shares[next.peer] as SubBudget, next.bytes);
      }
      assert.deepEqual([budget.bytesHeld, budget.waitingCount], [0, 0]);
    }),
  );
});
