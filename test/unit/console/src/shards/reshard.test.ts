import assert from "node:assert/strict";
import { test } from "node:test";
import { middleOf, neighborsOf, planSplit } from "../../../../../console/src/shards/reshard.ts";
import { hashKeyCount, type Shard } from "../../../../../console/src/shards/shard.ts";

const range = { start: 0n, end: 9n };

test("the middle makes two children of the same size", () => {
  assert.equal(middleOf(range), 5n);
  assert.deepEqual(planSplit(range, "5"), {
    children: [
      { start: 0n, end: 4n },
      { start: 5n, end: 9n },
    ],
  });
});

test("a split that leaves a child empty, or is no number, says why", () => {
  for (const text of ["0", "10", "-1", "x", ""]) assert("problem" in planSplit(range, text), text);
});

test("only open shards whose ranges touch can be merged", () => {
  const shard = (index: number, start: bigint, end: bigint, isOpen = true): Shard => {
    return { id: String(index), index, start, end, isOpen, parents: [], firstSequenceNumber: "1" };
  };
  const [first, second, third] = [shard(0, 0n, 4n), shard(1, 5n, 9n), shard(2, 10n, hashKeyCount - 1n)];
  const all = [first, second, third, shard(3, 5n, 7n, false)];
  assert.deepEqual(neighborsOf(all, second), { before: first, after: third });
  assert.deepEqual(neighborsOf(all, first), { after: second });
  assert.deepEqual(neighborsOf(all, third), { before: second });
});
