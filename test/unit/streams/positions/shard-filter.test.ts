import assert from "node:assert/strict";
import { test } from "node:test";
import { filterShards, type ShardFilter, visibleShards } from "../../../../src/streams/positions/shard-filter.ts";
import { applyReshard } from "../../../../src/streams/resharding/apply-reshard.ts";
import { planMerge, planSplit } from "../../../../src/streams/resharding/reshard-plan.ts";
import type { Stream } from "../../../../src/streams/stream.ts";
import { streamOf } from "../stream-of.ts";

const day = 86_400_000;
const begin = 1_600_000_000_000;

/** 0 and 1 at the beginning; 0 split into 2 and 3 on day one; 3 and 1 merged into 4 on day two. */
function history(): Stream {
  const split = planSplit(streamOf(2), { shardIndex: 0, newStartingHashKey: 2n ** 126n });
  const placements = [{}, {}];
  const seconds = { first: begin / 1000 + 86_400, second: begin / 1000 + 2 * 86_400 };
  const one = applyReshard(streamOf(2), [split], {
    second: seconds.first,
    closedMs: begin + day,
    ends: [5n],
    placements,
  });
  const merge = planMerge(one, { shardIndex: 3, adjacentShardIndex: 1 });
  return applyReshard(one, [merge], { second: seconds.second, closedMs: begin + 2 * day, ends: [5n, 5n], placements });
}

function listed(horizon: number, filter: ShardFilter): readonly number[] {
  return filterShards(visibleShards(history(), horizon), filter).map((shard) => shard.index);
}

test("a closed shard is visible until all that it may hold has expired", () => {
  const indexes = (horizon: number) => visibleShards(history(), horizon).map((shard) => shard.index);
  assert.deepEqual(indexes(begin), [0, 1, 2, 3, 4]);
  assert.deepEqual(indexes(begin + day), [0, 1, 2, 3, 4]);
  assert.deepEqual(indexes(begin + day + 1), [1, 2, 3, 4]);
  assert.deepEqual(indexes(begin + 2 * day + 1), [2, 4]);
});

test("each filter lists what its name says", () => {
  const horizon = begin;
  assert.deepEqual(listed(horizon, { type: "AFTER_SHARD_ID", shardIndex: 2 }), [3, 4]);
  assert.deepEqual(listed(horizon, { type: "FROM_TRIM_HORIZON" }), [0, 1, 2, 3, 4]);
  assert.deepEqual(listed(horizon, { type: "AT_TRIM_HORIZON" }), [0, 1]);
  assert.deepEqual(listed(horizon, { type: "AT_LATEST" }), [2, 4]);
  assert.deepEqual(listed(horizon, { type: "AT_TIMESTAMP", timeMs: begin + 1 }), [0, 1]);
  assert.deepEqual(listed(horizon, { type: "AT_TIMESTAMP", timeMs: begin + day + 1 }), [1, 2, 3]);
  assert.deepEqual(listed(horizon, { type: "AT_TIMESTAMP", timeMs: begin + 2 * day + 1 }), [2, 4]);
  assert.deepEqual(listed(horizon, { type: "FROM_TIMESTAMP", timeMs: begin + day + 1 }), [1, 2, 3, 4]);
  assert.deepEqual(listed(horizon, { type: "FROM_TIMESTAMP", timeMs: begin + 2 * day + 1 }), [2, 4]);
});

test("AT_TRIM_HORIZON covers the key space once, though parents have expired", () => {
  assert.deepEqual(listed(begin + day + 1, { type: "AT_TRIM_HORIZON" }), [1, 2, 3]);
  assert.deepEqual(listed(begin + 2 * day + 1, { type: "AT_TRIM_HORIZON" }), [2, 4]);
});

test("a time before the stream means its beginning", () => {
  assert.deepEqual(listed(begin, { type: "AT_TIMESTAMP", timeMs: 0 }), [0, 1]);
  assert.deepEqual(listed(begin, { type: "FROM_TIMESTAMP", timeMs: 0 }), [0, 1, 2, 3, 4]);
});
