import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  encodeSequenceNumber,
  endingSequenceNumber,
  startingSequenceNumber,
} from "../../../../src/streams/positions/sequence-number.ts";
import { applyCreate, applyReshard, closingSecond } from "../../../../src/streams/resharding/apply-reshard.ts";
import { planCreate, planMerge, planSplit } from "../../../../src/streams/resharding/reshard-plan.ts";
import type { Stream, StreamIntent } from "../../../../src/streams/stream.ts";
import { createdMs, streamOf } from "../stream-of.ts";

const outcome = {
  second: 1_600_000_050,
  closedMs: 1_600_000_050_123,
  ends: [1n, 1n],
  placements: [{ log: 8 }, { log: 9 }],
};

test("applyCreate() opens every planned shard at the planned second", () => {
  const intent = {
    kind: "create",
    operationId: "o",
    dueMs: 0,
    createSecond: createdMs / 1000,
    opening: planCreate(3),
  } as const;
  const creating: Stream = { ...streamOf(3), status: "CREATING", shards: [], intent };
  assert.deepEqual(applyCreate(creating, intent, [{ log: 0 }, { log: 1 }, { log: 2 }]), streamOf(3));
  assert.throws(() => applyCreate(creating, intent, [{ log: 0 }]), /has a log/);
});

test("applyReshard() closes the parents and opens the children with one value", () => {
  const plan = planSplit(streamOf(2), { shardIndex: 1, newStartingHashKey: 3n * 2n ** 126n });
  const intent: StreamIntent = { kind: "reshard", operationId: "o", dueMs: 0, ...plan };
  const updating: Stream = { ...streamOf(2), status: "UPDATING", intent };
  const next = applyReshard(updating, [intent], { ...outcome, ends: [42n] });
  assert.equal(next.status, "ACTIVE");
  assert.equal("intent" in next, false);
  assert.equal(next.nextShardIndex, 4);
  assert.deepEqual(
    next.shards.map((shard) => shard.closed),
    [undefined, { second: outcome.second, end: 42n, closedMs: outcome.closedMs }, undefined, undefined],
  );
  const children = next.shards.slice(2);
  assert.deepEqual(
    children.map(({ index, parent, createSecond, placement }) => ({ index, parent, createSecond, placement })),
    [
      { index: 2, parent: 1, createSecond: outcome.second + 1, placement: { log: 8 } },
      { index: 3, parent: 1, createSecond: outcome.second + 1, placement: { log: 9 } },
    ],
  );
});

test("both parents of a merge end in the same second", () => {
  const merge = planMerge(streamOf(2), { shardIndex: 0, adjacentShardIndex: 1 });
  const next = applyReshard(streamOf(2), [merge], outcome);
  assert.deepEqual(
    next.shards.map((shard) => shard.closed?.second),
    [outcome.second, outcome.second, undefined],
  );
  assert.throws(() => applyReshard(next, [{ closing: [0], opening: [] }], outcome), /closes open shards/);
});

test("a shard opened and closed by one reshard is empty, its numbers between those of parents and children", () => {
  // As a resize from 2 to 3 begins: 0 is split into 2 and 3, 1 into 4 and 5, and 3 and 4 are merged to 6.
  const key = 2n ** 126n;
  const lower = planSplit(streamOf(2), { shardIndex: 0, newStartingHashKey: key });
  const opening = (index: number, startingHashKey: bigint, endingHashKey: bigint) => ({
    index,
    parent: 1,
    startingHashKey,
    endingHashKey,
  });
  const upper = [opening(4, 2n * key, 3n * key - 1n), opening(5, 3n * key, 4n * key - 1n)];
  const merged = { index: 6, parent: 3, adjacentParent: 4, startingHashKey: key, endingHashKey: 3n * key - 1n };
  const steps = [lower, { closing: [1], opening: upper }, { closing: [3, 4], opening: [merged] }];
  const placements = [2, 3, 4, 5, 6].map((log) => ({ log }));
  const { second, closedMs } = outcome;
  const next = applyReshard(streamOf(2), steps, { ...outcome, ends: [42n, 7n, 1n, 1n], placements });
  assert.deepEqual(
    next.shards.map(({ index, createSecond, placement, closed }) => [index, createSecond, placement["log"], closed]),
    [
      [0, createdMs / 1000, 0, { second, end: 42n, closedMs }],
      [1, createdMs / 1000, 1, { second, end: 7n, closedMs }],
      [2, second + 1, 2, undefined],
      [3, second + 1, 3, { second: second + 1, end: 1n, closedMs }],
      [4, second + 1, 4, { second: second + 1, end: 1n, closedMs }],
      [5, second + 1, 5, undefined],
      [6, second + 2, 6, undefined],
    ],
  );
  assert.deepEqual([next.status, next.nextShardIndex], ["ACTIVE", 7]);
});

test("every number of a child is above every number of its parent, whatever the clock did", () => {
  const seconds = fc.integer({ min: 0, max: 2 ** 33 });
  fc.assert(
    fc.property(seconds, seconds, seconds, (nowSecond, latestSecond, createSecond) => {
      const second = closingSecond(Math.max(nowSecond, latestSecond), [{ createSecond: 0 }, { createSecond }]);
      assert.ok(second >= nowSecond && second >= latestSecond && second >= createSecond);
      const parent = { index: 7, createSecond };
      const child = { index: 0, createSecond: second + 1 };
      const lastOfParent = encodeSequenceNumber({
        createSecond,
        shardIndex: 7,
        position: 2n ** 62n,
        second: latestSecond,
      });
      assert.ok(lastOfParent < BigInt(endingSequenceNumber(parent, second)));
      assert.ok(BigInt(endingSequenceNumber(parent, second)) < BigInt(startingSequenceNumber(child)));
    }),
  );
});
