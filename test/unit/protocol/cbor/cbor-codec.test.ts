import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { outputShapes } from "../../../../src/model/constraints.generated.ts";
import { ServiceError } from "../../../../src/model/service-error.ts";
import { type OperationName, operationNames } from "../../../../src/model/shapes.generated.ts";
import { cborCodec } from "../../../../src/protocol/cbor/cbor-codec.ts";
import { parseCborBody } from "../../../../src/protocol/cbor/parse-cbor-body.ts";
import type { EncodedBody } from "../../../../src/protocol/codec/codec.ts";
import { jsonCodec } from "../../../../src/protocol/json/json-codec.ts";
import type { OutputOf } from "../../../../src/records/operation-io.ts";
import { SEQUENCE_NUMBER_STEP } from "../../../../src/streams/positions/sequence-number.ts";
import { formatShardId } from "../../../../src/streams/positions/shard-id.ts";
import { anyFormOf, drawsFrom, Time } from "../../../support/cbor-forms.ts";
import { bytesOf } from "../../../support/encoded-body.ts";
import { entryOf, sliceOf } from "../../../support/outgoing-records.ts";
import { sequenceNumberAt } from "../../../support/sequence-number-at.ts";
import { storedBatchesOf } from "../../records/stored-batches-of.ts";
import { contentOf } from "../columns-content.ts";
import { oracleDecode, oracleEncode } from "../oracle.ts";
import { outputOf } from "../values-of-shape.ts";

const FIRST = 49610756384790827419890419256589692040303913337075269634n;
/** A sequence number of another shard. */
const LATER = sequenceNumberAt({ index: 17, createSecond: 1_700_000_000 }, { position: 9n, timeMs: 1_700_000_123_456 });

function hexOf(body: EncodedBody): string {
  return bytesOf(body).toString("hex");
}

test("parse() refuses what is not one map or list to its last byte, without a message", () => {
  for (const hex of ["", "00", "f6", "6161", "4161", "f5", "a0a0", "a0f6", "bf", "a1", "ff", "c100", "7b7d"]) {
    const body = Buffer.from(hex, "hex");
    const refusal = { type: "SerializationException", message: "" };
    assert.throws(() => cborCodec.parse(body, "DescribeLimits"), refusal);
    assert.throws(() => cborCodec.checkSyntax(body), refusal);
  }
  assert.deepEqual(cborCodec.parse(Buffer.from("00a0", "hex").subarray(1), "DescribeLimits").bind(), {});
});

test("bind() takes maps and lists of indefinite length, as the AWS SDKs for Java write them", () => {
  const body = Buffer.from(
    `bf 6a53747265616d4e616d65 666f7264657273 675265636f726473 9f
        bf 6444617461 420102 6c506172746974696f6e4b6579 616b ff ff ff`.replaceAll(/\s/g, ""),
    "hex",
  );
  const { Records, ...rest } = parseCborBody(body, "PutRecords").bind();
  assert.deepEqual(rest, { StreamName: "orders" });
  assert.deepEqual(contentOf(Records), {
    outOfRange: undefined,
    records: [{ data: "0102", key: "k", hashKey: createHash("md5").update("k").digest("hex") }],
  });
});

test("bind() binds before it validates", () => {
  const decode = (input: object): object => cborCodec.parse(oracleEncode(input), "DescribeStream").bind();
  assert.throws(() => decode({ StreamName: "?", Limit: "a" }), { type: "SerializationException" });
  assert.throws(() => decode({ StreamName: "?" }), { type: "ValidationException" });
  assert.deepEqual(decode({ StreamName: "a", Limit: 5, Other: 1 }), { StreamName: "a", Limit: 5 });
});

test("encode() gives no body to an operation without an output", () => {
  assert.equal(cborCodec.encode("CreateStream", undefined), "");
});

test("encode() writes members in alphabetical order and times as whole ms, also those that JSON cuts to seconds", () => {
  const output: OutputOf<"DescribeStreamConsumer"> = {
    ConsumerDescription: {
      StreamARN: "a",
      ConsumerName: "b",
      ConsumerARN: "c",
      ConsumerStatus: "ACTIVE",
      ConsumerCreationTimestamp: 1_787_036_486_712,
    },
  };
  const body = bytesOf(cborCodec.encode("DescribeStreamConsumer", output));
  assert.equal(
    JSON.stringify(oracleDecode(body)),
    '{"ConsumerDescription":{"ConsumerARN":"c","ConsumerCreationTimestamp":{"ms":1787036486712},"ConsumerName":"b","ConsumerStatus":"ACTIVE","StreamARN":"a"}}',
  );
  assert.ok(body.toString("hex").includes("c11b000001a013accc38"));
});

test("encode() writes whole numbers in their shortest form", () => {
  for (const [MillisBehindLatest, hex] of [
    [0, "00"],
    [23, "17"],
    [24, "1818"],
    [256, "190100"],
    [65_536, "1a00010000"],
    [4_294_967_296, "1b0000000100000000"],
    [Number.MAX_SAFE_INTEGER, "1b001fffffffffffff"],
    [-1, "20"],
    [-4_294_967_297, "3b0000000100000000"],
  ] as const) {
    const body = cborCodec.encode("GetRecords", {
      MillisBehindLatest,
      Records: { count: 0, dataBytes: 0, slices: [] },
    });
    assert.equal(hexOf(body), `a2724d696c6c6973426568696e644c6174657374${hex}675265636f72647380`);
  }
});

/** As JSON says it: what both formats must agree on. */
function jsonValueOf(value: unknown): unknown {
  if (value instanceof Time) return value.ms;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map((item: unknown) => jsonValueOf(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, jsonValueOf(entry)]));
}

/** As an operation gives it: times are numbers. */
function operationValueOf(value: unknown): unknown {
  if (value instanceof Time) return value.ms;
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => operationValueOf(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, operationValueOf(entry)]));
}

/** From columns, or without a look at the shape: only outputs that an operation can give. */
const writtenApart: readonly OperationName[] = [
  "GetRecords",
  "PutRecord",
  "PutRecords",
  "ReceiveDeadLetterQueueRecords",
  "ReceiveQueueRecords",
  "SubscribeToShard",
];

for (const name of operationNames) {
  const shape = outputShapes[name];
  if (shape === undefined || writtenApart.includes(name)) continue;
  test(`the output of ${name} reaches the oracle whole, with the names of JSON in their order`, () => {
    fc.assert(
      fc.property(outputOf(shape), (output) => {
        const given = operationValueOf(output) as OutputOf<typeof name>;
        const decoded = oracleDecode(bytesOf(cborCodec.encode(name, given)));
        assert.deepEqual(jsonValueOf(decoded), jsonValueOf(output));
        const names = (text: string): readonly string[] => text.match(/"[A-Za-z0-9]+":/g) ?? [];
        const json = String(jsonCodec.encode(name, given));
        assert.deepEqual(names(JSON.stringify(jsonValueOf(decoded))), names(json));
      }),
      { numRuns: 30 },
    );
  });
}

test("the output of PutRecord reaches the oracle whole, with the names of JSON in their order", () => {
  const result = { SequenceNumber: `${FIRST}`, ShardId: "shardId-000000000007" };
  for (const output of [result, { EncryptionType: "KMS" as const, ...result }]) {
    assert.deepEqual(oracleDecode(bytesOf(cborCodec.encode("PutRecord", output))), output);
    assert.equal(jsonCodec.encode("PutRecord", output), JSON.stringify(output));
  }
});

test("encode() gives a stored record of PutRecords its number and shard, and a failed one its error", () => {
  const count = 500;
  const output: OutputOf<"PutRecords"> = {
    EncryptionType: "KMS",
    FailedRecordCount: 1,
    Records: {
      count,
      shardIds: Array.from({ length: count }, (_, index) => (index === 3 ? undefined : "shardId-000000000000")),
      sequenceNumbers: Array.from({ length: count }, (_, index) => (index === 3 ? undefined : `${FIRST}`)),
      failures: new Map([[3, { code: "InternalFailure", message: "é".repeat(300) }]]),
    },
  };
  const stored = { SequenceNumber: `${FIRST}`, ShardId: "shardId-000000000000" };
  const failed = { ErrorCode: "InternalFailure", ErrorMessage: "é".repeat(300) };
  assert.deepEqual(oracleDecode(bytesOf(cborCodec.encode("PutRecords", output))), {
    EncryptionType: "KMS",
    FailedRecordCount: 1,
    Records: Array.from({ length: count }, (_, index) => (index === 3 ? failed : stored)),
  });
  const { EncryptionType: _, FailedRecordCount: __, ...bare } = output;
  assert.equal(
    hexOf(cborCodec.encode("PutRecords", { ...bare, Records: { ...bare.Records, count: 0 } })),
    "a1675265636f72647380",
  );
});

test("encode() writes records that were all stored in WebAssembly as it does in JavaScript", () => {
  const batches = [
    { shard: { index: 3, createSecond: 1_700_000_000 }, position: 77n, timeMs: 1_700_000_001_500 },
    { shard: { index: 2_000_000_000, createSecond: 1_600_000_000 }, position: 2n ** 40n, timeMs: 1_700_000_001_500 },
  ];
  const batchOfRecord = Int16Array.from([0, 1, 1, 0, 1]);
  const numbers = [0n, 0n, 1n, 1n, 2n].map((place, index) => {
    const batch = batches[batchOfRecord[index] ?? 0];
    assert(batch !== undefined);
    return (sequenceNumberAt(batch.shard, batch) + place * SEQUENCE_NUMBER_STEP).toString();
  });
  const shardIds = [...batchOfRecord].map((batch) => formatShardId(batches[batch]?.shard.index ?? 0));
  const Records = { count: 5, shardIds, sequenceNumbers: numbers };
  const plainly = cborCodec.encode("PutRecords", { FailedRecordCount: 0, Records });
  const stored = storedBatchesOf(batches, batchOfRecord);
  const inWasm = cborCodec.encode("PutRecords", { FailedRecordCount: 0, Records: { ...Records, stored } });
  assert.equal(hexOf(inWasm), hexOf(plainly));
});

test("encodeError() writes the three forms of an error", () => {
  const forms: readonly [error: Parameters<typeof cborCodec.encodeError>[0], decoded: object][] = [
    [{ type: "InternalFailure" }, { __type: "InternalFailure" }],
    [{ type: "InternalFailure", message: "" }, { __type: "InternalFailure" }],
    [
      { type: "A", message: "é".repeat(200) },
      { __type: "A", message: "é".repeat(200) },
    ],
    [
      { type: "A", message: "b", capitalMessage: true },
      { __type: "A", Message: "b" },
    ],
  ];
  for (const [error, decoded] of forms) assert.deepEqual(oracleDecode(bytesOf(cborCodec.encodeError(error))), decoded);
});

const keys = ["k", undefined, 'a"b', "\u0000\n\u001f", "é\u{1f600}", "a".repeat(24), "ł".repeat(256)];
const entry = entryOf(
  keys.map((PartitionKey, index) => ({
    Data: Buffer.alloc(index ** 5, 0xf0 + index),
    ...(PartitionKey === undefined ? {} : { PartitionKey }),
  })),
);

test("encode() writes the records of GetRecords from stored bytes, their members in alphabetical order", () => {
  const body = cborCodec.encode("GetRecords", {
    MillisBehindLatest: 0,
    NextShardIterator: "AAA=",
    Records: {
      count: 9,
      dataBytes: 12_201 + 243 + 1024,
      slices: [
        sliceOf(entry, { count: 7, number: FIRST, arrivalMs: 1_441_215_410_867, kms: false }),
        sliceOf(entry, { skip: 3, count: 2, number: LATER, arrivalMs: 1_441_215_411_000, kms: true }),
      ],
    },
  });
  const record = (index: number, first: bigint, place: number, kms: boolean): object => ({
    ApproximateArrivalTimestamp: new Time(kms ? 1_441_215_411_000 : 1_441_215_410_867),
    Data: new Uint8Array(index ** 5).fill(0xf0 + index),
    ...(kms ? { EncryptionType: "KMS" } : {}),
    ...(keys[index] === undefined ? {} : { PartitionKey: keys[index] }),
    SequenceNumber: (first + BigInt(place) * SEQUENCE_NUMBER_STEP).toString(),
  });
  const expected = {
    MillisBehindLatest: 0,
    NextShardIterator: "AAA=",
    Records: [
      ...keys.map((_, index) => record(index, FIRST, index, false)),
      record(3, LATER, 0, true),
      record(4, LATER, 1, true),
    ],
  };
  const decoded = oracleDecode(bytesOf(body));
  assert.deepEqual(decoded, expected);
  assert.equal(JSON.stringify(decoded), JSON.stringify(expected));
});

test("encode() writes an empty page and the children at a shard's end", () => {
  const output: OutputOf<"GetRecords"> = {
    ChildShards: [{ ShardId: "b", ParentShards: ["a"], HashKeyRange: { StartingHashKey: "0", EndingHashKey: "1" } }],
    MillisBehindLatest: 12,
    Records: { count: 0, dataBytes: 0, slices: [] },
  };
  assert.equal(
    JSON.stringify(oracleDecode(bytesOf(cborCodec.encode("GetRecords", output)))),
    '{"ChildShards":[{"HashKeyRange":{"EndingHashKey":"1","StartingHashKey":"0"},"ParentShards":["a"],"ShardId":"b"}],"MillisBehindLatest":12,"Records":[]}',
  );
});

/** Whatever the bytes, the client gets an input or a worded error. */
function decodeAnything(name: OperationName, body: Buffer): void {
  try {
    using parsed = parseCborBody(body, name);
    parsed.bind();
  } catch (error) {
    assert.ok(error instanceof ServiceError, `${body.toString("hex")} for ${name}: ${String(error)}`);
  }
}

test("no bytes whatever get anything but an input or a worded error", () => {
  const draw = drawsFrom(20_131_202);
  // Mostly bytes that mean something as a head.
  const heads = Buffer.from("a0a1a2a3bf80819f404142585f60616264787f00011820c1d9f4f5f6f9fbffff4461746165", "hex");
  for (let run = 0; run < 20_000; run += 1) {
    const body = Buffer.from(Array.from({ length: 1 + (draw() % 24) }, () => heads[draw() % heads.length] ?? 0));
    if (draw() < 30) for (let at = 0; at < body.length; at += 1) body[at] = draw() * 100 + draw();
    if (draw() < 50) body[0] = 0xbf;
    decodeAnything(operationNames[run % operationNames.length] ?? "PutRecords", body);
  }
});

test("valid bodies with bytes changed, cut or put in get no more than that either", () => {
  const draw = drawsFrom(45);
  const inputs: readonly [name: OperationName, input: object][] = [
    [
      "PutRecords",
      { StreamName: "a", Records: [{ Data: Buffer.alloc(30), PartitionKey: "k", ExplicitHashKey: "17" }] },
    ],
    ["PutRecord", { StreamName: "a", Data: Buffer.alloc(300), PartitionKey: "é", SequenceNumberForOrdering: "1" }],
    [
      "GetShardIterator",
      { StreamName: "a", ShardIteratorType: "AT_TIMESTAMP", Timestamp: new Time(1_787_036_486_712) },
    ],
    ["AddTagsToStream", { StreamName: "a", Tags: { k: "v", l: "" } }],
    ["SubscribeToShard", { ConsumerARN: "a", ShardId: "0", StartingPosition: { Type: "LATEST" }, DryRun: false }],
  ];
  for (let run = 0; run < 10_000; run += 1) {
    const [name, input] = inputs[run % inputs.length] ?? ["PutRecords", {}];
    const body = anyFormOf(input, draw);
    const at = (draw() * 100 + draw()) % body.length;
    const byte = Buffer.of(draw() * 100 + draw());
    const [end, start] = [
      [at, at + 1],
      [at, at],
      [at, body.length],
      [at + 1, at],
    ][draw() % 4] ?? [at, at];
    decodeAnything(name, Buffer.concat([body.subarray(0, end), byte, body.subarray(start)]));
  }
});
