import assert from "node:assert/strict";
import { test } from "node:test";
import { StoredByteCounts } from "../../../../../src/engine/embedded/state/stored-byte-counts.ts";

test("bytes of the WAL count until their file is gone, whatever has been written since", () => {
  const stored = new StoredByteCounts();
  const counts = stored.of("orders");
  counts.addWal(3, 100);
  counts.addWal(3, 50);
  counts.addWal(4, 20);
  counts.addWal(6, 7);
  counts.segmentBytes += 1_000;
  assert.equal(stored.of("orders").bytes, 1_177);
  stored.dropWalThrough(3, () => true);
  assert.equal(counts.bytes, 1_027);
  stored.dropWalThrough(5, () => true);
  assert.equal(counts.bytes, 1_007);
  stored.dropWalThrough(6, () => true);
  stored.dropWalThrough(7, () => true);
  assert.equal(counts.bytes, 1_000);
  counts.addWal(7, 1);
  assert.equal(counts.bytes, 1_001);
});

test("a stream without bytes is forgotten once it has no logs", () => {
  const stored = new StoredByteCounts();
  stored.of("gone").addWal(1, 10);
  stored.of("idle");
  const hasLogs = (streamId: string) => streamId === "idle";
  stored.dropWalThrough(0, hasLogs);
  assert.deepEqual(
    Array.from(stored.all(), ({ streamId }) => streamId),
    ["gone", "idle"],
  );
  stored.dropWalThrough(1, hasLogs);
  assert.deepEqual(
    Array.from(stored.all(), ({ streamId }) => streamId),
    ["idle"],
  );
});
