import assert from "node:assert/strict";
import { test } from "node:test";
import type { ListedShard } from "../../../../src/cli/client/list-shards.ts";
import { lacksChildren, nextShards } from "../../../../src/cli/reading/shard-lineage.ts";

function shard(id: string, ...parents: readonly string[]): ListedShard {
  const range = { firstHashKey: 0n, lastHashKey: 0n, startingSequenceNumber: "1", endingSequenceNumber: undefined };
  return { id, parents, ...range };
}

function idsOf(shards: readonly ListedShard[]): readonly string[] {
  return shards.map(({ id }) => id);
}

test("a shard is read when its listed parents have been read to their ends; of a merge both", () => {
  const shards = [shard("a"), shard("b"), shard("c", "a", "b"), shard("d", "expired")];
  const read = (begun: readonly string[], finished: readonly string[]) =>
    idsOf(nextShards(shards, { begun: new Set(begun), finished: new Set(finished) }));
  assert.deepEqual(read([], []), ["a", "b", "d"]);
  assert.deepEqual(read(["a", "b", "d"], ["a"]), []);
  assert.deepEqual(read(["a", "b", "d"], ["a", "b"]), ["c"]);
});

test("children are missing while no listed shard names a shard that was read to its end", () => {
  const state = { begun: new Set(["a"]), finished: new Set(["a"]) };
  assert.equal(lacksChildren([shard("a")], state), true);
  assert.equal(lacksChildren([shard("a"), shard("b", "a")], state), false);
  assert.equal(
    lacksChildren([shard("a")], { begun: new Set(), finished: new Set(["a"]) }),
    false,
    "it was closed before",
  );
});
