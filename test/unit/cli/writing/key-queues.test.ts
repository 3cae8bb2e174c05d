import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyQueueMap, type QueuedEntry } from "../../../../src/cli/writing/key-queues.ts";
import { batchEntriesMax } from "../../../../src/cli/writing/put-batch.ts";

function entry(line: number, partitionKey: string, bytes = 1): QueuedEntry {
  return { line, partitionKey, explicitHashKey: undefined, data: new Uint8Array(bytes) };
}

function linesOf(batch: readonly QueuedEntry[]): readonly number[] {
  return batch.map(({ line }) => line);
}

test("a batch has one entry of a key, and the next of that key comes when it is finished", () => {
  const queues = new KeyQueueMap<QueuedEntry>("key");
  for (const [line, key] of ["a", "a", "b", "a"].entries()) queues.add(entry(line, key));
  const first = queues.take();
  assert.deepEqual(linesOf(first), [0, 2]);
  assert.deepEqual(queues.take(), [], "both keys are in flight");
  queues.finish(first);
  const second = queues.take();
  assert.deepEqual(linesOf(second), [1]);
  assert.equal(queues.entries, 2);
  queues.finish(second);
  queues.finish(queues.take());
  assert.deepEqual([queues.entries, queues.bytes], [0, 0]);
});

test("without an order a batch takes what there is, up to the bounds of PutRecords", () => {
  const queues = new KeyQueueMap<QueuedEntry>("none");
  for (let line = 0; line < batchEntriesMax + 1; line++) queues.add(entry(line, "a"));
  assert.equal(queues.take().length, batchEntriesMax);
  assert.equal(queues.take().length, 1);
});

test("bytes bound a batch, and an entry over the bound is sent alone", () => {
  const queues = new KeyQueueMap<QueuedEntry>("key");
  for (const [line, bytes] of [3_000_000, 3_000_000, 9_000_000].entries()) queues.add(entry(line, `k${line}`, bytes));
  assert.deepEqual([linesOf(queues.take()), linesOf(queues.take()), linesOf(queues.take())], [[0], [1], [2]]);
});
