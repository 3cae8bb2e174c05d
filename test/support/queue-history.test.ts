// The judge of the queue tests, on histories with a planted fault each.
import assert from "node:assert/strict";
import { test } from "node:test";
import { QueueHistory } from "./queue-history.ts";

const delivery = { recordId: "a", kind: "live", receiveCount: 1, sentAt: 1, gotAt: 2, untilAt: 10 } as const;

function historyOf(act: (history: QueueHistory) => void): readonly string[] {
  const history = new QueueHistory(2);
  history.stored("a");
  act(history);
  return history.violations;
}

test("a history without a fault has none", () => {
  const violations = historyOf((history) => {
    history.received(delivery);
    history.received({ ...delivery, receiveCount: 2, sentAt: 8, gotAt: 10, untilAt: 20 });
    history.crashed();
    history.received({ ...delivery, receiveCount: 3, sentAt: 11, gotAt: 12, untilAt: 20 });
    history.acknowledging("a");
    history.acknowledged("a", 15);
    history.checkDrained();
  });
  assert.deepEqual(violations, []);
});

test("a record that comes again after its acknowledgement is a fault", () => {
  const violations = historyOf((history) => {
    history.received(delivery);
    history.acknowledging("a");
    history.acknowledged("a", 3);
    history.crashed();
    history.received({ ...delivery, sentAt: 4, gotAt: 5 });
  });
  assert.deepEqual(violations, ["a was acknowledged at 3 and received again at 5"]);
});

test("a record that is in flight twice is a fault, and one that was given back is none", () => {
  const again = { ...delivery, receiveCount: 2, sentAt: 3, gotAt: 4 };
  const twice = historyOf((history) => {
    history.received(delivery);
    history.received(again);
  });
  assert.deepEqual(twice, ["a is in flight until 10 and was received again at 4"]);
  const givenBack = historyOf((history) => {
    history.received(delivery);
    history.mayBeVisible("a");
    history.received(again);
  });
  assert.deepEqual(givenBack, []);
});

test("a record that is received more often than allowed, crashes aside, is a fault", () => {
  assert.equal(historyOf((history) => history.received({ ...delivery, receiveCount: 3 })).length, 1);
  assert.equal(historyOf((history) => history.received({ ...delivery, receiveCount: 0 })).length, 1);
});

test("a record that was stored and neither acknowledged nor received at the end is lost", () => {
  assert.deepEqual(
    historyOf((history) => history.checkDrained()),
    ["a was stored, never acknowledged, and is lost"],
  );
  assert.deepEqual(
    historyOf((history) => history.checkDrained(() => true)),
    [],
  );
  const inDoubt = historyOf((history) => {
    history.acknowledging("a");
    history.checkDrained();
  });
  assert.deepEqual(inDoubt, []);
});
