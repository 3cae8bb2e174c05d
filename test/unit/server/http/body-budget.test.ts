import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BodyBudget, type BudgetWaiter } from "../../../../src/server/http/body-budget.ts";

const kib = 1024;

class Waiter implements BudgetWaiter {
  resumedCount = 0;
  resume(): void {
    this.resumedCount++;
  }
}

test("below the bound everybody reads", () => {
  const budget = new BodyBudget(100);
  budget.take(99);
  assert.ok(budget.mayRead(new Waiter()) && budget.mayRead(new Waiter()));
});

test("with the budget full of half-received bodies one goes on, and the next when it gave up", () => {
  const budget = new BodyBudget(100);
  const [first, second] = [new Waiter(), new Waiter()];
  budget.take(150);
  assert.equal(budget.mayRead(first), true);
  assert.equal(budget.mayRead(second), false);
  assert.equal(budget.mayRead(first), true);
  budget.giveUp(first);
  assert.equal(second.resumedCount, 1);
  assert.equal(budget.mayRead(second), true);
});

test("while a whole body is handled no waiting body is favoured: its end frees memory", () => {
  const budget = new BodyBudget(100);
  const [whole, other] = [new Waiter(), new Waiter()];
  budget.take(150);
  budget.becomeWhole(whole);
  assert.equal(budget.mayRead(other), false);
  budget.release(150, { wasWhole: true });
  assert.equal(other.resumedCount, 1);
  assert.equal(budget.bytesHeld, 0);
});

test("freed memory resumes as many bodies as it is enough for, in the order of their arrival", () => {
  const budget = new BodyBudget(192 * kib);
  const [whole, ...others] = Array.from({ length: 6 }, () => new Waiter());
  assert.ok(whole !== undefined);
  budget.take(192 * kib);
  budget.becomeWhole(whole);
  for (const other of others) assert.equal(budget.mayRead(other), false);
  budget.release(128 * kib, { wasWhole: false });
  assert.deepEqual(
    others.map(({ resumedCount }) => resumedCount),
    [1, 1, 0, 0, 0],
  );
});

/** Bodies of many sizes, read in pieces in any order, handled in any order. */
test("whatever the order, all bodies become whole and the bound holds", () => {
  const pieceBytes = 64 * kib;
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 20 }),
      fc.infiniteStream(fc.nat()),
      (pieceCounts, budgetPieces, choices) => {
        const budget = new BodyBudget(budgetPieces * pieceBytes);
        const bodies = pieceCounts.map((pieceCount) => ({
          left: pieceCount,
          held: 0,
          mayRead: true,
          resume() {
            this.mayRead = true;
          },
        }));
        const arriving = new Set(bodies);
        const whole = new Set<(typeof bodies)[number]>();
        const bound = (budgetPieces + Math.max(...pieceCounts) + bodies.length) * pieceBytes;
        while (arriving.size + whole.size > 0) {
          const able = [...[...arriving].filter((body) => body.mayRead), ...whole];
          assert.ok(able.length > 0, "all wait for one another");
          const body = able[choices.next().value % able.length];
          assert.ok(body !== undefined);
          if (whole.delete(body)) {
            budget.release(body.held, { wasWhole: true });
            continue;
          }
          budget.take(pieceBytes);
          body.held += pieceBytes;
          body.left--;
          if (body.left === 0) {
            arriving.delete(body);
            whole.add(body);
            budget.becomeWhole(body);
          } else {
            body.mayRead = budget.mayRead(body);
          }
          assert.ok(budget.bytesHeld <= bound, `${budget.bytesHeld} > ${bound}`);
        }
        assert.equal(budget.bytesHeld, 0);
        assert.equal(budget.waitingCount, 0);
      },
    ),
  );
});
