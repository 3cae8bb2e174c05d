import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceErrorType } from "../../../../src/model/service-error.ts";
import { cborCodec } from "../../../../src/protocol/cbor/cbor-codec.ts";
import type { Codec } from "../../../../src/protocol/codec/codec.ts";
import {
  initialResponse,
  subscribeEvent,
  subscribeException,
} from "../../../../src/protocol/event-stream/subscribe-events.ts";
import { jsonCodec } from "../../../../src/protocol/json/json-codec.ts";
import type { PushEvent } from "../../../../src/records/push-event.ts";
import { SEQUENCE_NUMBER_STEP } from "../../../../src/streams/positions/sequence-number.ts";
import { Time } from "../../../support/cbor-forms.ts";
import { bytesOf } from "../../../support/encoded-body.ts";
import { entryOf, sliceOf } from "../../../support/outgoing-records.ts";
import { decodeMessage } from "../event-stream-messages.ts";
import { oracleDecode } from "../oracle.ts";

const FIRST = 49610756384790827419890419256589692040303913337075269634n;

// Length and order of headers as captured from the service; 242 and 114 bytes.
const HEARTBEAT =
  "000000f2000000656a0e49830b3a6576656e742d74797065070015537562736372696265546f53686172644576656e740d3a636f6e74656e" +
  "742d7479706507001a6170706c69636174696f6e2f782d616d7a2d6a736f6e2d312e310d3a6d6573736167652d747970650700056576656e" +
  "747b22436f6e74696e756174696f6e53657175656e63654e756d626572223a22343936313037353633383437393038323734313938393034" +
  "3139323536353839363932303430333033393133333337303735323639363334222c224d696c6c6973426568696e644c6174657374223a30" +
  "2c225265636f726473223a5b5d7d781838b8";
const INITIAL_RESPONSE =
  "0000007200000060ab820d9e0b3a6576656e742d74797065070010696e697469616c2d726573706f6e73650d3a636f6e74656e742d747970" +
  "6507001a6170706c69636174696f6e2f782d616d7a2d6a736f6e2d312e310d3a6d6573736167652d747970650700056576656e747b7dacae" +
  "6b7d";
const EXCEPTION =
  "000000e70000006e55dc88f90f3a657863657074696f6e2d747970650700165265736f75726365496e557365457863657074696f6e0d3a63" +
  "6f6e74656e742d7479706507001a6170706c69636174696f6e2f782d616d7a2d6a736f6e2d312e310d3a6d6573736167652d747970650700" +
  "09657863657074696f6e7b226d657373616765223a22416e6f746865722061637469766520737562736372697074696f6e20657869737473" +
  "20666f72207468697320636f6e73756d65723a203132333435363738393031323a733a736861726449642d3030303030303030303030303a" +
  "63227df716bf53";

function hexOf(message: Uint8Array): string {
  return Buffer.from(message).toString("hex");
}

function eventBytes(codec: Codec, event: PushEvent): Buffer {
  return bytesOf(subscribeEvent(codec, event));
}

const heartbeat: PushEvent = {
  records: { count: 0, dataBytes: 0, slices: [] },
  continuationSequenceNumber: FIRST.toString(),
  millisBehindLatest: 0,
};

test("a heartbeat in JSON is the service's, byte for byte", () => {
  assert.equal(hexOf(eventBytes(jsonCodec, heartbeat)), HEARTBEAT);
});

test("the initial response in JSON is the service's, byte for byte", () => {
  assert.equal(hexOf(initialResponse(jsonCodec)), INITIAL_RESPONSE);
});

test("an error within the stream has its type in a header and its message in the payload", () => {
  const message = "Another active subscription exists for this consumer: 123456789012:s:shardId-000000000000:c";
  assert.equal(hexOf(subscribeException(jsonCodec, { type: "ResourceInUseException", message })), EXCEPTION);
});

const headersOf = (eventType: string): readonly (readonly [string, string])[] => [
  [":event-type", eventType],
  [":content-type", "application/x-amz-cbor-1.1"],
  [":message-type", "event"],
];

test("a CBOR client gets the same messages with CBOR in them", () => {
  const first = decodeMessage(initialResponse(cborCodec));
  assert.deepEqual(first.headers, headersOf("initial-response"));
  assert.deepEqual(oracleDecode(first.payload), {});

  const event = decodeMessage(eventBytes(cborCodec, heartbeat));
  assert.deepEqual(event.headers, headersOf("SubscribeToShardEvent"));
  assert.equal(
    JSON.stringify(oracleDecode(event.payload)),
    `{"ContinuationSequenceNumber":"${FIRST}","MillisBehindLatest":0,"Records":[]}`,
  );

  const exception = decodeMessage(subscribeException(cborCodec, { type: "KMSThrottlingException", message: "é" }));
  assert.deepEqual(exception.headers, [
    [":exception-type", "KMSThrottlingException"],
    [":content-type", "application/x-amz-cbor-1.1"],
    [":message-type", "exception"],
  ]);
  assert.deepEqual(oracleDecode(exception.payload), { message: "é" });
});

const body = entryOf([
  { Data: Buffer.from("one"), PartitionKey: "é" },
  { Data: Buffer.alloc(70_000, 7), PartitionKey: "k" },
  { Data: Buffer.alloc(0) },
]);
const atShardEnd: PushEvent = {
  records: {
    count: 3,
    dataBytes: 70_003,
    slices: [sliceOf(body, { count: 3, number: FIRST, arrivalMs: 1_787_036_486_712, kms: true })],
  },
  millisBehindLatest: 12,
  childShards: [{ ShardId: "b", ParentShards: ["a"], HashKeyRange: { StartingHashKey: "0", EndingHashKey: "1" } }],
};

/** Both formats' event, but for how they write bytes and times. */
function eventWith(data: (bytes: Uint8Array) => unknown, time: unknown): object {
  const [one, large, none] = [Uint8Array.from(Buffer.from("one")), new Uint8Array(70_000).fill(7), new Uint8Array(0)];
  return {
    ChildShards: [{ HashKeyRange: { EndingHashKey: "1", StartingHashKey: "0" }, ParentShards: ["a"], ShardId: "b" }],
    MillisBehindLatest: 12,
    Records: [
      { Data: data(one), PartitionKey: "é" },
      { Data: data(large), PartitionKey: "k" },
      { Data: data(none) },
    ].map((record, index) => ({
      ApproximateArrivalTimestamp: time,
      ...record,
      EncryptionType: "KMS",
      SequenceNumber: (FIRST + BigInt(index) * SEQUENCE_NUMBER_STEP).toString(),
    })),
  };
}

test("the last event of a shard names its children and has no continuation", () => {
  const json = decodeMessage(eventBytes(jsonCodec, atShardEnd)).payload;
  assert.deepEqual(
    JSON.parse(json.toString()),
    eventWith((bytes) => Buffer.from(bytes).toString("base64"), 1_787_036_486.712),
  );
  const cbor = decodeMessage(eventBytes(cborCodec, atShardEnd)).payload;
  assert.deepEqual(
    oracleDecode(cbor),
    eventWith((bytes) => bytes, new Time(1_787_036_486_712)),
  );
});

test("an internal failure within the stream has the name of its shape, and no message if it has none", () => {
  const failures: readonly [type: ServiceErrorType, name: string][] = [
    ["InternalFailure", "InternalFailureException"],
    ["ResourceNotFoundException", "ResourceNotFoundException"],
  ];
  for (const [type, name] of failures) {
    const { headers, payload } = decodeMessage(subscribeException(jsonCodec, { type, message: "" }));
    assert.deepEqual(headers[0], [":exception-type", name]);
    assert.equal(payload.toString(), "{}");
  }
});
