import assert from "node:assert/strict";
import { test } from "node:test";
import { toAppendBatch, toAppendOutcomes } from "../../../src/engine/append-batch.ts";

const shard = { streamId: "s", shardIndex: 0, placement: {} };

test("batchOf() copies bodies one behind another and names each entry's shard", () => {
  const other = { ...shard, shardIndex: 1 };
  const body = Uint8Array.of(1, 2, 3);
  const appends = [
    { shard, entry: { count: 1, timeMs: 5, body } },
    { shard: other, entry: { count: 4096, timeMs: 6, body: Uint8Array.of(4) } },
  ];
  const batch = toAppendBatch(appends, 7);
  body.fill(9);
  assert.deepEqual(batch, {
    count: 2,
    shards: [shard, other],
    shardOf: Uint16Array.of(0, 1),
    recordCounts: Uint16Array.of(1, 4096),
    timesMs: Float64Array.of(5, 6),
    bytes: Uint8Array.of(1, 2, 3, 4),
    bodyStarts: Uint32Array.of(0, 3),
    bodyBytes: Uint32Array.of(3, 1),
    settingsEpoch: 7,
  });
});

test("batchOf() refuses what its columns cannot hold, rather than store it in another place", () => {
  const entry = { count: 65_537, timeMs: 0, body: Uint8Array.of(1) };
  assert.throws(() => toAppendBatch([{ shard, entry }]), { name: "AssertionError" });
  const many = new Array(65_537).fill({ shard, entry: { ...entry, count: 1 } });
  assert.throws(() => toAppendBatch(many), { name: "AssertionError" });
});

test("outcomesOf() knows fenced entries by the position that no record has", () => {
  assert.deepEqual(toAppendOutcomes(BigUint64Array.of(7n, 0n)), [{ kind: "stored", position: 7n }, { kind: "fenced" }]);
});
