import assert from "node:assert/strict";
import { test } from "node:test";
import { lineageOf } from "../../../../../console/src/shards/lineage.ts";
import { hashKeyCount, type Shard, shardIdOf } from "../../../../../console/src/shards/shard.ts";

interface Life {
  readonly parents?: readonly number[];
  readonly range: readonly [number, number];
  readonly closedMs?: number;
}

function shardsOf(lives: readonly Life[]): readonly Shard[] {
  const part = hashKeyCount / 4n;
  return lives.map(({ parents = [], range: [from, to], closedMs }, index) => ({
    id: shardIdOf(index),
    index,
    parents: parents.map(shardIdOf),
    start: BigInt(from) * part,
    end: BigInt(to) * part - 1n,
    isOpen: closedMs === undefined,
    firstSequenceNumber: "1",
    createdMs: 1_000,
    ...(closedMs === undefined ? {} : { closedMs }),
  }));
}

function boxes(shards: readonly Shard[]): readonly (readonly number[])[] {
  return lineageOf(shards).boxes.map(({ left, right, top, bottom }) => [left, right, top, bottom]);
}

test("a split and a merge are two steps, and each shard ends where its children begin", () => {
  const shards = shardsOf([
    { range: [0, 4], closedMs: 5_000 },
    { range: [0, 2], parents: [0], closedMs: 9_000 },
    { range: [2, 4], parents: [0], closedMs: 9_000 },
    { range: [0, 4], parents: [1, 2] },
  ]);
  assert.deepEqual(boxes(shards), [
    [0, 1, 0, 1],
    [1, 2, 0, 0.5],
    [1, 2, 0.5, 1],
    [2, 3, 0, 1],
  ]);
  assert.deepEqual(lineageOf(shards).steps, [undefined, 5_000, 9_000]);
});

test("an open shard reaches to the end, and shards of one time are one step", () => {
  const shards = shardsOf([
    { range: [0, 2], closedMs: 5_000 },
    { range: [2, 4] },
    { range: [0, 1], parents: [0] },
    { range: [1, 2], parents: [0] },
  ]);
  assert.deepEqual(boxes(shards), [
    [0, 1, 0, 0.5],
    [0, 2, 0.5, 1],
    [1, 2, 0, 0.25],
    [1, 2, 0.25, 0.5],
  ]);
});

test("a shard whose parents have expired stands in the first step", () => {
  const shards = shardsOf([{ range: [0, 4], parents: [7] }]);
  assert.deepEqual(boxes(shards), [[0, 1, 0, 1]]);
});

test("the layout of 10,000 shards costs no more than a few passes over them", () => {
  const parents = shardsOf(Array.from({ length: 5_000 }, () => ({ range: [0, 4] as const, closedMs: 5_000 })));
  let looks = 0;
  const counted = parents.map((shard) =>
    Object.defineProperty({ ...shard }, "id", {
      enumerable: true,
      get: () => {
        looks++;
        return shard.id;
      },
    }),
  );
  const children = parents.map((shard, i) => ({
    ...shard,
    id: shardIdOf(5_000 + i),
    index: 5_000 + i,
    parents: [shard.id],
    isOpen: true,
  }));
  lineageOf([...counted, ...children]);
  assert(looks < 20 * counted.length, `${looks} looks at 5,000 shards`);
});
