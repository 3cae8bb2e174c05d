import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type BudgetedConnection,
  ConnectionBudget,
  connectionBytes,
} from "../../../../../src/server/http/budgets/connection-budget.ts";
import { connectionsEvicted } from "../../../../../src/telemetry/diagnostic-events.ts";

class FakeConnection implements BudgetedConnection {
  readonly peerKey: string;
  isBusy = false;
  lastUsedMs: number;
  memoryBytes = 0;
  isCut = false;

  constructor(peerKey: string, lastUsedMs: number) {
    this.peerKey = peerKey;
    this.lastUsedMs = lastUsedMs;
  }

  cut(): void {
    this.isCut = true;
  }
}

const manyBytes = 1024 ** 3;

function budgetOf(limits: { readonly connectionCountMax?: number; readonly connectionBytesMax?: number }) {
  const time = { nowMs: 0 };
  const budget = new ConnectionBudget(
    { connectionCountMax: 1_000, connectionBytesMax: manyBytes, ...limits },
    () => time.nowMs,
  );
  const open = (peerKey: string, count = 1): readonly FakeConnection[] =>
    Array.from({ length: count }, () => {
      const connection = new FakeConnection(peerKey, time.nowMs);
      assert(budget.enter(connection));
      return connection;
    });
  return { budget, time, open };
}

function cutOf(connections: readonly FakeConnection[]): number {
  return connections.filter(({ isCut }) => isCut).length;
}

test("fear: one peer takes all connections, and polite clients cannot connect", () => {
  const { time, open } = budgetOf({ connectionCountMax: 128 });
  const polite = open("polite", 8);
  const greedy = open("greedy", 120);
  time.nowMs = 2_000;
  const later = open("polite", 40);
  assert.equal(cutOf([...polite, ...later]), 0);
  // Two at least for each look at all connections, and never more than the newcomers needed and that.
  assert(cutOf(greedy) >= 40 && cutOf(greedy) <= 42, `${cutOf(greedy)}`);
});

test("the connections that were unused longest are closed, and none that handles a request or is new", () => {
  const { budget, time, open } = budgetOf({ connectionCountMax: 4 });
  const [first, second, third, fourth] = open("peer", 4) as [
    FakeConnection,
    FakeConnection,
    FakeConnection,
    FakeConnection,
  ];
  time.nowMs = 5_000;
  first.isBusy = true;
  second.lastUsedMs = 4_500;
  third.lastUsedMs = 3_000;
  fourth.lastUsedMs = 2_000;
  open("peer");
  assert.deepEqual(
    [first, second, third, fourth].map(({ isCut }) => isCut),
    [false, false, false, true],
  );
  open("peer");
  assert(third.isCut);
  assert.equal(budget.enter(new FakeConnection("peer", time.nowMs)), false);
  assert(!first.isCut && !second.isCut);
});

test("a peer whose connections are all in use loses the largest to another peer, not to itself", () => {
  const { budget, time, open } = budgetOf({ connectionBytesMax: 42 * connectionBytes.http1 });
  const greedy = open("greedy", 4);
  for (const [index, connection] of greedy.entries()) {
    connection.isBusy = true;
    assert(budget.admit(connection, (8 + index) * connectionBytes.http1 - 1024));
  }
  time.nowMs = 2_000;
  const [first] = greedy as [FakeConnection];
  assert.equal(budget.admit(first, 4 * connectionBytes.http1), false);
  assert.equal(cutOf(greedy), 0);
  time.nowMs = 3_000;
  const [polite] = open("polite") as [FakeConnection];
  assert(budget.admit(polite, 2 * connectionBytes.http1));
  assert.deepEqual(
    greedy.map(({ isCut }) => isCut),
    [false, false, false, true],
  );
});

test("fear: a peer that is refused again and again keeps others out until its next look", () => {
  const { budget, open } = budgetOf({ connectionBytesMax: 8 * connectionBytes.http1 });
  const [polite, greedy] = [...open("polite"), ...open("greedy")] as [FakeConnection, FakeConnection];
  greedy.isBusy = true;
  assert(budget.admit(greedy, 6 * connectionBytes.http1));
  assert.equal(budget.admit(greedy, connectionBytes.http1), false);
  assert(budget.admit(polite, connectionBytes.http1));
  assert.deepEqual([polite.isCut, greedy.isCut], [false, true]);
});

test("what connections take is given back when they leave, whatever their requests give back later", () => {
  const { budget, open } = budgetOf({});
  const [one, other] = open("peer", 2) as [FakeConnection, FakeConnection];
  budget.add(one, 500);
  budget.leave(one);
  budget.leave(one);
  budget.add(one, -500);
  assert.equal(budget.bytesHeld, connectionBytes.http1);
  budget.leave(other);
  assert.equal(budget.bytesHeld, 0);
});

test("closed connections are reported with their peer at once, and at intervals with their number", (t) => {
  const reports: unknown[] = [];
  t.after(connectionsEvicted.subscribe((report) => reports.push(report)));
  const { time, open } = budgetOf({ connectionCountMax: 2 });
  open("peer", 2);
  for (const nowMs of [2_000, 4_000, 6_000, 63_000]) {
    time.nowMs = nowMs;
    open("peer");
  }
  assert.deepEqual(reports, [
    { peer: "peer", count: 1 },
    { peer: "peer", count: 3 },
  ]);
});
