import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonCodec } from "../../../../src/protocol/json/json-codec.ts";
import { parseJsonBody } from "../../../../src/protocol/json/parse-json-body.ts";
import type { OutputOf } from "../../../../src/records/operation-io.ts";
import { SEQUENCE_NUMBER_STEP } from "../../../../src/streams/positions/sequence-number.ts";
import { textOf } from "../../../support/encoded-body.ts";
import { entryOf, sliceOf } from "../../../support/outgoing-records.ts";
import { sequenceNumberAt } from "../../../support/sequence-number-at.ts";

const FIRST = 49610756384790827419890419256589692040303913337075269634n;
/** A sequence number of another shard. */
const LATER = sequenceNumberAt({ index: 17, createSecond: 1_700_000_000 }, { position: 9n, timeMs: 1_700_000_123_456 });

test("parse() refuses what is not a JSON object, without a message", () => {
  for (const text of ["", "{", "null", '"a"', "1", "true", "{'a':1}", "\ufeff{}"]) {
    const refusal = { type: "SerializationException", message: "" };
    assert.throws(() => jsonCodec.parse(Buffer.from(text), "DescribeLimits"), refusal);
    assert.throws(() => jsonCodec.checkSyntax(Buffer.from(text)), refusal);
  }
  const body = Buffer.from('xx{"é":1,"StreamName":"a"}').subarray(2);
  assert.deepEqual(jsonCodec.parse(body, "DescribeStream").bind(), { StreamName: "a" });
});

test("parse() gives a tag its own name after another caller's tag of a backslash", () => {
  const tags = (name: string): object =>
    jsonCodec.parse(Buffer.from(`{"Tags":{"team":"","${name}":""}}`), "AddTagsToStream").bind();
  assert.deepEqual(tags("\\\\"), { Tags: { team: "", "\\": "" } });
  assert.deepEqual(tags("\\u00e9"), { Tags: { team: "", é: "" } });
});

function describeStreamInput(members: object): object {
  return jsonCodec.parse(Buffer.from(JSON.stringify(members)), "DescribeStream").bind();
}

test("bind() binds before it validates", () => {
  assert.throws(() => describeStreamInput({ StreamName: "?", Limit: "a" }), { type: "SerializationException" });
  assert.throws(() => describeStreamInput({ StreamName: "?" }), { type: "ValidationException" });
  assert.deepEqual(describeStreamInput({ StreamName: "a", Limit: 5, Other: 1 }), { StreamName: "a", Limit: 5 });
});

test("bind() leaves a missing partition key to the operation", () => {
  using parsed = parseJsonBody(Buffer.from('{"StreamName":"a","Data":"AAEC"}'), "PutRecord");
  const { Record, ...rest } = parsed.bind();
  assert.deepEqual(rest, { StreamName: "a" });
  assert.equal(Record.keyBytes[0], 0xffff);
});

test("encode() gives no body to an operation without an output", () => {
  assert.equal(jsonCodec.encode("CreateStream", undefined), "");
});

test("encode() writes members in alphabetical order and times as decimal seconds", () => {
  const output: OutputOf<"DescribeStreamSummary"> = {
    StreamDescriptionSummary: {
      StreamName: "a",
      StreamARN: "arn",
      StreamStatus: "ACTIVE",
      RetentionPeriodHours: 24,
      StreamCreationTimestamp: 1_441_215_410_867,
      EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
      OpenShardCount: 1,
    },
  };
  assert.equal(
    jsonCodec.encode("DescribeStreamSummary", output),
    '{"StreamDescriptionSummary":{"EnhancedMonitoring":[{"ShardLevelMetrics":[]}],"OpenShardCount":1,"RetentionPeriodHours":24,"StreamARN":"arn","StreamCreationTimestamp":1441215410,"StreamName":"a","StreamStatus":"ACTIVE"}}',
  );
  assert.equal(
    jsonCodec.encode("DescribeAccountSettings", {
      MinimumThroughputBillingCommitment: { Status: "ENABLED", StartedAt: 1_441_215_410_867 },
    }),
    '{"MinimumThroughputBillingCommitment":{"StartedAt":1441215410.867,"Status":"ENABLED"}}',
  );
});

test("encode() writes booleans, empty lists and escaped text", () => {
  assert.equal(
    jsonCodec.encode("ListTagsForStream", { HasMoreTags: false, Tags: [{ Key: '"\\\u0001é', Value: "" }] }),
    '{"HasMoreTags":false,"Tags":[{"Key":"\\"\\\\\\u0001é","Value":""}]}',
  );
  assert.equal(jsonCodec.encode("DescribeAccountSettings", {}), "{}");
});

test("encode() gives a stored record of PutRecords its number and shard, and a failed one its error", () => {
  const output: OutputOf<"PutRecords"> = {
    EncryptionType: "KMS",
    FailedRecordCount: 1,
    Records: {
      count: 2,
      shardIds: ["shardId-000000000000", undefined],
      sequenceNumbers: ["5", undefined],
      failures: new Map([[1, { code: "InternalFailure", message: 'a "b"' }]]),
    },
  };
  assert.equal(
    jsonCodec.encode("PutRecords", output),
    '{"EncryptionType":"KMS","FailedRecordCount":1,"Records":[{"SequenceNumber":"5","ShardId":"shardId-000000000000"},{"ErrorCode":"InternalFailure","ErrorMessage":"a \\"b\\""}]}',
  );
});

test("encodeError() writes the three forms of an error", () => {
  assert.equal(jsonCodec.encodeError({ type: "InternalFailure" }), '{"__type":"InternalFailure"}');
  assert.equal(jsonCodec.encodeError({ type: "InternalFailure", message: "" }), '{"__type":"InternalFailure"}');
  assert.equal(jsonCodec.encodeError({ type: "A", message: "b" }), '{"__type":"A","message":"b"}');
  assert.equal(
    jsonCodec.encodeError({ type: "A", message: "b", capitalMessage: true }),
    '{"__type":"A","Message":"b"}',
  );
});

const awkwardKeys = ["k", undefined, 'a"b', "back\\slash", "\u0000\n\u001f", "é\u{1f600}", `${"\u0001".repeat(255)}z`];
const entry = entryOf(
  awkwardKeys.map((PartitionKey, index) => ({
    Data: Buffer.alloc(index, 0xf0 + index),
    ...(PartitionKey === undefined ? {} : { PartitionKey }),
  })),
);

test("encode() writes the records of GetRecords from stored bytes", () => {
  const body = jsonCodec.encode("GetRecords", {
    MillisBehindLatest: 0,
    NextShardIterator: "AAA=",
    Records: {
      count: 9,
      dataBytes: 9,
      slices: [
        sliceOf(entry, { count: 7, number: FIRST, arrivalMs: 1_441_215_410_867, kms: false }),
        sliceOf(entry, { skip: 3, count: 2, number: LATER, arrivalMs: 1_441_215_411_000, kms: true }),
      ],
    },
  });
  const numbers = (first: bigint, count: number): string[] =>
    Array.from({ length: count }, (_, index) => (first + BigInt(index) * SEQUENCE_NUMBER_STEP).toString());
  const expected = (index: number): object => ({
    Data: Buffer.alloc(index, 0xf0 + index).toString("base64"),
    ...(awkwardKeys[index] === undefined ? {} : { PartitionKey: awkwardKeys[index] }),
  });
  assert.deepEqual(JSON.parse(textOf(body)), {
    MillisBehindLatest: 0,
    NextShardIterator: "AAA=",
    Records: [
      ...numbers(FIRST, 7).map((SequenceNumber, index) => ({
        ApproximateArrivalTimestamp: 1_441_215_410.867,
        ...expected(index),
        SequenceNumber,
      })),
      ...numbers(LATER, 2).map((SequenceNumber, index) => ({
        ApproximateArrivalTimestamp: 1_441_215_411,
        ...expected(index + 3),
        EncryptionType: "KMS",
        SequenceNumber,
      })),
    ],
  });
});

test("encode() keeps the members of a record in alphabetical order", () => {
  const slices = [sliceOf(entry, { skip: 1, count: 2, number: FIRST, arrivalMs: 1_500, kms: true })];
  const second = FIRST + SEQUENCE_NUMBER_STEP;
  assert.equal(
    textOf(jsonCodec.encode("GetRecords", { Records: { count: 2, dataBytes: 3, slices } })),
    `{"Records":[{"ApproximateArrivalTimestamp":1.5,"Data":"8Q==","EncryptionType":"KMS","SequenceNumber":"${FIRST}"},{"ApproximateArrivalTimestamp":1.5,"Data":"8vI=","EncryptionType":"KMS","PartitionKey":"a\\"b","SequenceNumber":"${second}"}]}`,
  );
});

test("encode() writes an empty page and the children at a shard's end", () => {
  assert.equal(
    textOf(
      jsonCodec.encode("GetRecords", {
        ChildShards: [
          { ShardId: "b", ParentShards: ["a"], HashKeyRange: { StartingHashKey: "0", EndingHashKey: "1" } },
        ],
        MillisBehindLatest: 12,
        Records: { count: 0, dataBytes: 0, slices: [] },
      }),
    ),
    '{"ChildShards":[{"HashKeyRange":{"EndingHashKey":"1","StartingHashKey":"0"},"ParentShards":["a"],"ShardId":"b"}],"MillisBehindLatest":12,"Records":[]}',
  );
});
