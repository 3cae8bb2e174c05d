import assert from "node:assert/strict";
import { test } from "node:test";
import type { ListedShard } from "../../../../src/cli/client/list-shards.ts";
import { lineage } from "../../../../src/cli/commands/shards.ts";

function shard(id: string, ...parents: readonly string[]): ListedShard {
  const range = { firstHashKey: 0n, lastHashKey: 0n, startingSequenceNumber: "1", endingSequenceNumber: undefined };
  return { id, parents, ...range };
}

test("the tree has each shard once, below its first parent that is still listed", () => {
  const shards = [
    shard("a"),
    shard("b", "gone"),
    shard("c", "a"),
    shard("d", "a"),
    shard("e", "c"),
    shard("f", "gone", "d"),
  ];
  assert.deepEqual(
    lineage(shards).map(({ branch, shard: { id } }) => branch + id),
    ["a", "├─ c", "│  └─ e", "└─ d", "   └─ f", "b"],
  );
});
