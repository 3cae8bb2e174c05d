import assert from "node:assert/strict";
import { test } from "node:test";
import { DiskReserve } from "../../../../src/engine/embedded/disk-reserve.ts";
import { SimulatedClock } from "../../../support/simulated-clock.ts";
import { SimulatedDisk } from "../../../support/simulated-disk.ts";

const kibibyte = 1024;

function reserveOf({ freeBytes, compactionBytes = 80 * kibibyte }: { freeBytes: number; compactionBytes?: number }) {
  const disk = new SimulatedDisk();
  disk.capacityBytes = freeBytes;
  const clock = new SimulatedClock();
  let pending = 0;
  const options = { disk, clock, directory: "/data", pendingBytes: () => pending, freeBytes, usedBytes: 0 };
  const reserve = new DiskReserve({ ...options, compactionBytes });
  return { disk, clock, reserve, setPending: (bytes: number) => (pending = bytes) };
}

test("the reserve has reserve for a step of compaction, then for control frames, then for snapshots", () => {
  const { reserve } = reserveOf({ freeBytes: 1000 * kibibyte });
  assert.equal(reserve.bytes, 100 * kibibyte);
  assert.equal(reserve.controlBytes, 20 * kibibyte);
  assert.equal(reserve.floorBytes, 5 * kibibyte);
});

test("a disk smaller than the reserve is not refused whole", () => {
  const { reserve } = reserveOf({ freeBytes: 60 * kibibyte });
  assert.equal(reserve.bytes, 10 * kibibyte);
  assert(reserve.has(40 * kibibyte, reserve.bytes));
});

test("fear: bytes that are admitted and not yet on the disk are promised twice", async () => {
  const { reserve, setPending } = reserveOf({ freeBytes: 1000 * kibibyte });
  reserve.admit(300 * kibibyte);
  assert.equal(reserve.freeBytes, 700 * kibibyte);
  setPending(300 * kibibyte);
  const measured = reserve.measure();
  reserve.admit(100 * kibibyte);
  await measured;
  assert.equal(reserve.freeBytes, 600 * kibibyte, "what waits, and what was admitted during the measurement");
  setPending(0);
  await reserve.measure();
  assert.equal(reserve.freeBytes, 1000 * kibibyte, "nothing was written after all");
});

test("fear: an old measurement admits what another program has taken since", async () => {
  const { disk, clock, reserve } = reserveOf({ freeBytes: 1000 * kibibyte });
  disk.capacityBytes = 50 * kibibyte;
  reserve.admit(0);
  await Promise.resolve();
  assert.equal(reserve.freeBytes, 1000 * kibibyte);
  await clock.advance(200);
  reserve.admit(0);
  await reserve.measure();
  assert.equal(reserve.freeBytes, 50 * kibibyte);
});

test("fear: compaction takes the reserve that control frames need to free any", async () => {
  const { disk, reserve } = reserveOf({ freeBytes: 1000 * kibibyte });
  (await reserve.reserveForCompaction(900 * kibibyte))[Symbol.dispose]();
  disk.capacityBytes = 60 * kibibyte;
  await reserve.measure();
  (await reserve.reserveForCompaction(40 * kibibyte))[Symbol.dispose]();
  await assert.rejects(reserve.reserveForCompaction(41 * kibibyte), { kind: "unavailable" });
  disk.capacityBytes = 100 * kibibyte;
  (await reserve.reserveForCompaction(41 * kibibyte))[Symbol.dispose]();
});

test("fear: entries take the space that a step of compaction in progress is about to fill", async () => {
  const { reserve } = reserveOf({ freeBytes: 1000 * kibibyte });
  const { bytes } = reserve;
  const held = await reserve.reserveForCompaction(500 * kibibyte);
  assert(!reserve.has(600 * kibibyte, bytes));
  held[Symbol.dispose]();
  assert(reserve.has(600 * kibibyte, bytes));
});
