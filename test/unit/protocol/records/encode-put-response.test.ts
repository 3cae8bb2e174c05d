import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodePutRecordsJson } from "../../../../src/protocol/records/encode-put-response.ts";
import { SEQUENCE_NUMBER_STEP } from "../../../../src/streams/positions/sequence-number.ts";
import { formatShardId } from "../../../../src/streams/positions/shard-id.ts";
import { textOf } from "../../../support/encoded-body.ts";
import { sequenceNumberAt } from "../../../support/sequence-number-at.ts";
import { type Batch, storedBatchesOf } from "../../records/stored-batches-of.ts";

const batch = fc.record<Batch>({
  shard: fc.record({ index: fc.nat({ max: 2_147_483_647 }), createSecond: fc.nat({ max: 4_000_000_000 }) }),
  position: fc.bigInt({ min: 1n, max: 2n ** 63n - 1_000n }),
  timeMs: fc.nat({ max: 4_000_000_000_000 }),
});

/** The same by BigInt and JSON.stringify. */
function expected(batches: readonly Batch[], batchOfRecord: readonly number[]): string {
  const counts = batches.map(() => 0n);
  const records = batchOfRecord.map((index) => {
    const { shard, ...at } = batches[index] as Batch;
    const place = counts[index] as bigint;
    counts[index] = place + 1n;
    return {
      SequenceNumber: String(sequenceNumberAt(shard, at) + place * SEQUENCE_NUMBER_STEP),
      ShardId: formatShardId(shard.index),
    };
  });
  return JSON.stringify({ FailedRecordCount: 0, Records: records });
}

test("encodePutRecords() writes numbers and shards of stored records as BigInt and JSON would", () => {
  fc.assert(
    fc.property(
      fc.array(batch, { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 500 }),
      (batches, choices) => {
        const batchOfRecord = choices.map((choice) => choice % batches.length);
        const stored = storedBatchesOf(batches, Int16Array.from(batchOfRecord));
        const Records = { count: choices.length, shardIds: [], sequenceNumbers: [], stored };
        const encoded = encodePutRecordsJson({ FailedRecordCount: 0, Records });
        assert.ok(typeof encoded !== "string");
        assert.equal(textOf(encoded), expected(batches, batchOfRecord));
      },
    ),
  );
});

test("encodePutRecords() carries into the digits that rarely change", () => {
  const shard = { index: 5, createSecond: 1_700_000_000 };
  const timeMs = 1_700_000_000_000;
  for (const rarely of [10n ** 32n, 10n ** 40n]) {
    // 250 records before the digits above that power of ten change.
    const first = sequenceNumberAt(shard, { position: 0n, timeMs });
    const position = (rarely - (first % rarely)) / SEQUENCE_NUMBER_STEP - 250n;
    const batches = [{ shard, position, timeMs }];
    const stored = storedBatchesOf(batches, new Int16Array(500));
    const Records = { count: 500, shardIds: [], sequenceNumbers: [], stored };
    const encoded = textOf(encodePutRecordsJson({ FailedRecordCount: 0, Records }));
    assert.equal(encoded, expected(batches, new Array(500).fill(0)));
    const numbers = [...encoded.matchAll(/"SequenceNumber":"(\d+)"/g)].map(
      ([, digits = ""]) => BigInt(digits) / rarely,
    );
    assert.equal(new Set(numbers).size, 2);
  }
});

test("encodePutRecords() writes results with failures, or without numbers, as text", () => {
  const failures = new Map([[1, { code: "InternalFailure", message: 'a "b"' }]]);
  const Records = {
    count: 2,
    shardIds: ["shardId-000000000000", undefined],
    sequenceNumbers: ["5", undefined],
    failures,
  };
  assert.equal(
    encodePutRecordsJson({ EncryptionType: "KMS", FailedRecordCount: 1, Records }),
    '{"EncryptionType":"KMS","FailedRecordCount":1,"Records":[{"SequenceNumber":"5","ShardId":"shardId-000000000000"},{"ErrorCode":"InternalFailure","ErrorMessage":"a \\"b\\""}]}',
  );
});
