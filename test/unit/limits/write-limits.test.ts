import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { awsLimits } from "../../../src/limits/limits-table.ts";
import { WriteLimits } from "../../../src/limits/write-limits.ts";
import type { IncomingRecords } from "../../../src/records/incoming-records.ts";
import { ShardMap } from "../../../src/streams/hash-keys/shard-map.ts";
import type { Stream } from "../../../src/streams/stream.ts";
import { type GivenRecord, incomingRecords } from "../../support/incoming-records-of.ts";
import { retainedBytes } from "../../support/retained-bytes.ts";
import { streamOf } from "../streams/stream-of.ts";
import { routed } from "./routed.ts";

const mebibyte = 1024 ** 2;

/** Records of `bytes` with the key in it, as many as `slots` names, each for its shard of the stream. */
function recordsFor(map: ShardMap, slots: readonly number[], bytes: number): IncomingRecords {
  const keyBytes = Math.min(3, bytes);
  const data = "x".repeat(bytes - keyBytes);
  return incomingRecords(
    slots.map((slot): GivenRecord => ({ key: "k".repeat(keyBytes), data, hashKey: map.shardAt(slot).startingHashKey })),
  );
}

/** One stream under Amazon's limits; `admitted` puts records and returns which were admitted. */
function writing(changes: Partial<Stream> = {}, shardCount = 1) {
  const stream = streamOf(shardCount, changes);
  const map = new ShardMap(stream.shards);
  const limits = new WriteLimits(awsLimits);
  const admitted = (slots: readonly number[], bytes: number, nowMs: number): readonly number[] => {
    const result = limits.admit(routed(recordsFor(map, slots, bytes), map), stream, nowMs);
    return result === undefined ? slots.map(() => 1) : [...result.admitted];
  };
  return { limits, stream, map, admitted };
}

const times = (count: number, slot = 0): number[] => new Array<number>(count).fill(slot);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

test("a shard takes 1,000 records a second, however small", () => {
  const { admitted } = writing();
  assert.equal(sum(admitted(times(500), 1, 0)), 500);
  assert.equal(sum(admitted(times(500), 1, 0)), 500);
  assert.equal(sum(admitted(times(500), 1, 0)), 0);
  assert.equal(sum(admitted(times(500), 1, 250)), 250);
  assert.equal(sum(admitted(times(500), 1, 60_000)), 500);
});

test("a shard takes 1 MiB a second, data and partition keys together", () => {
  const { admitted } = writing();
  assert.deepEqual(admitted(times(5), mebibyte / 4, 0), [1, 1, 1, 1, 0]);
  assert.deepEqual(admitted(times(1), mebibyte / 4, 249), [0]);
  assert.deepEqual(admitted(times(1), mebibyte / 4, 250), [1]);
});

test("of several records of nearly 1 MiB for one shard only the first is taken", () => {
  const { admitted } = writing();
  assert.deepEqual(admitted(times(4), 1_000_000, 0), [1, 0, 0, 0]);
});

test("a record that is too much leaves tokens for a smaller one after it", () => {
  const { limits, stream, map } = writing();
  const large = { key: "k", data: "x".repeat(600_000) };
  const result = limits.admit(routed(incomingRecords([large, large, { key: "k", data: "small" }]), map), stream, 0);
  assert.deepEqual([...(result?.admitted ?? [])], [1, 0, 1]);
});

test("a stream of large records bursts to one of them, and pays 1 MiB a second for it", () => {
  const { admitted } = writing({ recordKiBMax: 10_240 });
  assert.deepEqual(admitted(times(2), 10 * mebibyte, 0), [1, 0]);
  assert.deepEqual(admitted(times(1), mebibyte, 999), [0]);
  assert.deepEqual(admitted(times(1), mebibyte, 1_000), [1]);
  assert.deepEqual(admitted(times(1), 10 * mebibyte, 10_999), [0]);
  assert.deepEqual(admitted(times(1), 10 * mebibyte, 11_000), [1]);
});

test("shards are throttled one by one, and each refused record names its shard", () => {
  const { limits, stream, map } = writing({}, 3);
  const half = mebibyte / 2;
  const slots = [0, 1, 1, 1, 2, 0, 0, 2];
  const result = limits.admit(routed(recordsFor(map, slots, half), map), stream, 0);
  assert.deepEqual([...(result?.admitted ?? [])], [1, 1, 1, 0, 1, 1, 0, 1]);
  assert.equal(result?.throttledCount, 2);
});

test("a record without a key costs its data", () => {
  const { limits, stream, map } = writing();
  const keyless = { data: "x".repeat(mebibyte), hashKey: 0n };
  const result = limits.admit(routed(incomingRecords([keyless, { data: "y", hashKey: 0n }]), map), stream, 0);
  assert.deepEqual([...(result?.admitted ?? [])], [1, 0]);
});

test("a new revision of the stream keeps what its shards have spent", () => {
  const { limits, stream, admitted } = writing({}, 2);
  assert.deepEqual(admitted([0, 1], mebibyte, 0), [1, 1]);
  const [lower, upper] = stream.shards;
  assert.ok(lower !== undefined && upper !== undefined);
  const child = { ...upper, index: 2, parent: 1 };
  const split = new ShardMap([lower, { ...upper, closed: { second: 1, end: 1n, closedMs: 1 } }, child]);
  const afterSplit = limits.admit(routed(recordsFor(split, [0, 1], mebibyte), split), stream, 1);
  assert.deepEqual([...(afterSplit?.admitted ?? [])], [0, 1], "the child begins with a budget of its own");
  // A request that still holds the old revision meets the old budgets.
  assert.deepEqual(admitted([0, 1], mebibyte, 1), [0, 0]);
  const tagged = new ShardMap(split.shards);
  assert.deepEqual(
    [...(limits.admit(routed(recordsFor(tagged, [0, 1], 10_000), tagged), stream, 2)?.admitted ?? [])],
    [0, 0],
  );
});

test("a larger record size gives a shard no bytes at once", () => {
  const { limits, stream, map, admitted } = writing();
  assert.deepEqual(admitted([0], mebibyte, 0), [1]);
  const larger = new ShardMap(stream.shards);
  const changed = { ...stream, recordKiBMax: 10_240 };
  assert.notEqual(limits.admit(routed(recordsFor(larger, [0], 10 * mebibyte), larger), changed, 9_999), undefined);
  assert.equal(limits.admit(routed(recordsFor(larger, [0], 10 * mebibyte), larger), changed, 10_000), undefined);
  assert.equal(map.shardCount, larger.shardCount);
});

test("streams with full budgets use no memory, whether they still exist or not", () => {
  const { limits, stream, map } = writing();
  const record = recordsFor(map, [0], 10);
  const bytes = retainedBytes(() => {
    for (let i = 0; i < 20_000; i++) limits.admit(routed(record, map), { ...stream, id: `stream ${i}` }, i);
  });
  assert.ok(bytes < 8_000_000, `${bytes} bytes`);
  assert.equal(limits.admit(routed(record, map), stream, 20_000), undefined);
});

test("a producer that tries at three times a shard's rate and puts again what was refused gets the rate, within 5 %", () => {
  // Bound by records, by bytes, and by bytes of large records.
  for (const { bytes, perRequest } of [
    { bytes: 100, perRequest: 500 },
    { bytes: 10_240, perRequest: 100 },
    { bytes: 700_000, perRequest: 1 },
  ]) {
    const { limits, stream, map } = writing();
    const perSecond = Math.min(1_000, mebibyte / bytes);
    const everyMs = (1_000 * perRequest) / (3 * perSecond);
    const request = recordsFor(map, times(perRequest), bytes);
    let stored = 0;
    const seconds = 120;
    for (let nowMs = 0; nowMs < seconds * 1_000; nowMs += everyMs) {
      const result = limits.admit(routed(request, map), stream, nowMs);
      stored += perRequest - (result?.throttledCount ?? 0);
    }
    const ratio = stored / (seconds * perSecond);
    assert.ok(Math.abs(ratio - 1) < 0.05, `${bytes} bytes: ${ratio}`);
  }
});

test("over any schedule no window admits more to a shard than burst + rate x window, in records and in bytes", () => {
  const map = new ShardMap(streamOf(3).shards);
  const request = fc.record({
    waitMs: fc.nat(800),
    slots: fc.array(fc.nat(2), { minLength: 1, maxLength: 20 }),
    bytes: fc.constantFrom(1, 1_000, 50_000, 400_000),
  });
  const limitsSmall = { shardWriteBytesPerSecond: 200_000, shardWriteRecordsPerSecond: 15 };
  fc.assert(
    fc.property(fc.array(request, { maxLength: 30 }), (requests) => {
      const stream = { id: "a", recordKiBMax: 400, mode: "PROVISIONED" } as const;
      const limits = new WriteLimits(limitsSmall);
      const stored: { atMs: number; slot: number; bytes: number }[] = [];
      let nowMs = 0;
      for (const { waitMs, slots, bytes } of requests) {
        nowMs += waitMs;
        const result = limits.admit(routed(recordsFor(map, slots, bytes), map), stream, nowMs);
        for (const [i, slot] of slots.entries()) {
          if (result === undefined || result.admitted[i] === 1) stored.push({ atMs: nowMs, slot, bytes });
        }
      }
      for (const [first, { atMs: fromMs, slot }] of stored.entries()) {
        let bytesSum = 0;
        let recordSum = 0;
        for (const { atMs, slot: other, bytes } of stored.slice(first)) {
          if (other !== slot) continue;
          bytesSum += bytes;
          recordSum += 1;
          const seconds = (atMs - fromMs) / 1000;
          assert.ok(bytesSum <= 400 * 1024 + seconds * 200_000 + 0.01);
          assert.ok(recordSum <= 15 + seconds * 15 + 0.01);
        }
      }
    }),
    { numRuns: 60 },
  );
});
