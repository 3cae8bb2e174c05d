import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { applyCreate, applyReshard, reshardSecond } from "../../../src/streams/apply-plan.ts";
import { planCreate, planMerge, planSplit } from "../../../src/streams/reshard-plan.ts";
import {
  encodeSequenceNumber,
  endingSequenceNumber,
  startingSequenceNumber,
} from "../../../src/streams/sequence-number.ts";
import type { Stream, StreamIntent } from "../../../src/streams/stream.ts";
import { createdMs, streamOf } from "./stream-of.ts";

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
  assert.throws(() => applyCreate(creating, intent, [{ log: 0 }]), /has its log/);
});

test("applyReshard() closes the parents and opens the children with one value", () => {
  const plan = planSplit(streamOf(2), { shardIndex: 1, newStartingHashKey: 3n * 2n ** 126n });
  const intent: StreamIntent = { kind: "reshard", operationId: "o", dueMs: 0, ...plan };
  const updating: Stream = { ...streamOf(2), status: "UPDATING", intent };
  const next = applyReshard(updating, intent, { ...outcome, ends: [42n] });
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
  const next = applyReshard(streamOf(2), planMerge(streamOf(2), { shardIndex: 0, adjacentShardIndex: 1 }), outcome);
  assert.deepEqual(
    next.shards.map((shard) => shard.closed?.second),
    [outcome.second, outcome.second, undefined],
  );
  assert.throws(() => applyReshard(next, { closing: [0], opening: [] }, outcome), /closes open shards/);
});

test("every number of a child is above every number of its parent, whatever the clock did", () => {
  const seconds = fc.integer({ min: 0, max: 2 ** 33 });
  fc.assert(
    fc.property(seconds, seconds, seconds, (nowSecond, latestSecond, createSecond) => {
      const second = reshardSecond(nowSecond * 1000 + 999, latestSecond, [0, createSecond]);
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
