import assert from "node:assert/strict";
import { test } from "node:test";
import { ndjsonLine, recordsFrom } from "../../../../../console/src/records/record.ts";

const output = {
  SequenceNumber: "4967",
  ApproximateArrivalTimestamp: 1_796_049_574.123,
  Data: "aGVsbG8=",
  PartitionKey: 'a "key"',
};

test("the line of a record has what the command line writes and reads", () => {
  const [record] = recordsFrom("shardId-000000000012", [output]);
  assert(record !== undefined);
  assert.deepEqual(JSON.parse(ndjsonLine(record)), {
    shardId: "shardId-000000000012",
    sequenceNumber: "4967",
    approximateArrivalTimestamp: new Date(1_796_049_574_123).toISOString(),
    partitionKey: 'a "key"',
    data: "aGVsbG8=",
  });
});

test("records have numbers that no other has", () => {
  const records = recordsFrom("shardId-000000000000", [output, output]);
  assert.equal(new Set(records.map(({ id }) => id)).size, 2);
});
