import assert from "node:assert/strict";
import { test } from "node:test";
import { JobMemory } from "../../../../../src/engine/embedded/compaction/job-memory.ts";
import { SimulatedDisk } from "../../../../support/simulated-disk.ts";

const mebibyte = 1024 * 1024;

test("WAL files that differ by some blocks are flushed in the same memory, which the thread keeps", () => {
  const disk = new SimulatedDisk();
  let allocatedBytes = 0;
  const allocate = disk.allocate.bind(disk);
  disk.allocate = (byteCount) => {
    allocatedBytes += byteCount;
    return allocate(byteCount);
  };
  const memory = new JobMemory(disk);
  for (const byteCount of [60 * mebibyte, 60 * mebibyte + 4096, 64 * mebibyte, 4096]) {
    assert.equal(memory.forFile(byteCount).length, byteCount);
  }
  assert.equal(allocatedBytes, 64 * mebibyte);
  assert.equal(memory.forFile(65 * mebibyte).length, 65 * mebibyte);
  assert.equal(memory.forBuilder(), memory.forBuilder());
});
