import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { StoredEntry } from "../../../src/engine/shard-log.ts";
import { batchByShard } from "../../../src/records/batch-by-shard.ts";
import { cutPage, type PageLimit } from "../../../src/records/cut-page.ts";
import { forEachRecord } from "../../../src/records/entry-layout.ts";
import { ShardMap } from "../../../src/streams/hash-keys/shard-map.ts";
import {
  encodeSequenceNumber,
  parseSequenceNumber,
  SEQUENCE_NUMBER_STEP,
} from "../../../src/streams/positions/sequence-number.ts";
import { incomingRecords } from "../../support/incoming-records-of.ts";
import { createdMs, streamOf } from "../streams/stream-of.ts";
import { batchesOf } from "./batches-of.ts";

const map = new ShardMap(streamOf(1).shards);
const shard = map.shardAt(0);
const noLimit: PageLimit = { recordsMax: 10_000, bytesMax: 10 * 1024 * 1024 };

/** One entry per list of data, positions from 1. Data names its position, padded to `bytes`. */
function entriesOf(counts: readonly number[], bytes = 0, kms = false): readonly StoredEntry[] {
  let position = 1n;
  return counts.map((count, i) => {
    const first = position;
    position += BigInt(count);
    const records = Array.from({ length: count }, (_, at) => ({
      data: String(first + BigInt(at)).padStart(bytes, "0"),
    }));
    const [batch] = batchesOf(batchByShard(incomingRecords(records), map, undefined, { kms }));
    assert.ok(batch !== undefined);
    return { position: first, count, timeMs: createdMs + i, storedMs: createdMs + 500 + i, body: batch.body.slice() };
  });
}

/** Position by data and by sequence number, which must agree. */
function positionsOf(page: ReturnType<typeof cutPage>): bigint[] {
  const positions: bigint[] = [];
  for (const slice of page.records.slices) {
    let number = encodeSequenceNumber(slice.first);
    forEachRecord(slice.body, slice.start, slice.end, (_keyStart, _keyBytes, start, bytes) => {
      const position = BigInt(Buffer.from(slice.body.subarray(start, start + bytes)).toString());
      const parsed = parseSequenceNumber(number.toString());
      assert.ok(parsed?.version === 2 && parsed.position === position);
      positions.push(position);
      number += SEQUENCE_NUMBER_STEP;
    });
  }
  assert.equal(page.records.count, positions.length);
  return positions;
}

test("pages of any size give every record once and in order", () => {
  const counts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(
      counts,
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 0, max: 200 }),
      fc.nat({ max: 60 }),
      (given, recordsMax, bytesMax, start) => {
        const entries = entriesOf(given, 8);
        const tip = 1n + BigInt(given.reduce((sum, count) => sum + count, 0));
        let next = BigInt(start);
        const seen: bigint[] = [];
        while (next < tip) {
          const page = cutPage(entries, next, { recordsMax, bytesMax }, shard);
          const positions = positionsOf(page);
          assert.ok(positions.length >= 1 && positions.length <= recordsMax);
          assert.ok(positions.length === 1 || positions.length * 8 <= bytesMax);
          assert.equal(page.next, (positions.at(-1) ?? 0n) + 1n);
          seen.push(...positions);
          next = page.next;
        }
        const first = BigInt(Math.max(start, 1));
        assert.deepEqual(
          seen,
          Array.from({ length: Math.max(0, Number(tip - first)) }, (_, i) => first + BigInt(i)),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test("a record over the byte limit is still given, alone", () => {
  const page = cutPage(entriesOf([1, 1], 100), 1n, { recordsMax: 10, bytesMax: 50 }, shard);
  assert.deepEqual(positionsOf(page), [1n]);
});

test("nothing at or behind the start gives an empty page at the start", () => {
  assert.deepEqual(cutPage([], 7n, noLimit, shard), { records: { count: 0, dataBytes: 0, slices: [] }, next: 7n });
  assert.deepEqual(cutPage(entriesOf([3]), 4n, noLimit, shard), {
    records: { count: 0, dataBytes: 0, slices: [] },
    next: 4n,
  });
});

test("behind a trimmed start the page begins with what is left", () => {
  assert.deepEqual(positionsOf(cutPage(entriesOf([2, 2]).slice(1), 1n, noLimit, shard)), [3n, 4n]);
});

test("a slice carries the arrival time of its entry and the mark of encryption", () => {
  const [slice] = cutPage(entriesOf([1], 0, true), 1n, noLimit, shard).records.slices;
  assert.equal(slice?.arrivalMs, createdMs + 500);
  assert.equal(slice?.kms, true);
  assert.equal(slice?.first.shardIndex, 0);
});
