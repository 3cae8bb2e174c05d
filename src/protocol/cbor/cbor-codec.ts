import assert from "node:assert/strict";
import { outputShapes } from "../../model/constraints.generated.ts";
import type { OperationName } from "../../model/shapes.generated.ts";
import type { OutputOf } from "../../records/operation-io.ts";
import type { PutResults } from "../../records/put-results.ts";
import type { ReceivedRecords } from "../../records/received-records.ts";
import { formatShardId } from "../../streams/positions/shard-id.ts";
import type { Codec, EncodedBody, ParsedBody } from "../codec/codec.ts";
import { encodeStoredResults, type PutRows } from "../records/encode-put-response.ts";
import { eventShapeWithoutRecords, pageShapeWithoutRecords } from "../records/output-shapes-without-records.ts";
import { isPut, ScannedPut } from "../records/parsed-put.ts";
import { queueRecordsOf } from "../records/received-rows.ts";
import { scanCborPut } from "../records/scan-put.ts";
import { encodeStructure, writeTextMap } from "./cbor-encode.ts";
import { LIST, MAP, TYPE_SHIFT } from "./cbor-head.ts";
import { CborWriter } from "./cbor-writer.ts";
import { encodedText, encodeWithRecords } from "./encode-outgoing-records.ts";
import { parseCborBody, wellFormedCbor } from "./parse-cbor-body.ts";

/** More than a stored record takes, which is 107. */
const RESULT_BYTES = 128;
const NUMBER_HEAD = `${String.fromCharCode((MAP << TYPE_SHIFT) | 2)}${encodedText("SequenceNumber")}`;
const SHARD_ID = encodedText("ShardId");

const cborPutRows: PutRows = {
  wasmWriter: "writeCborPutRows",
  rowBytes: 103,
  tail: `${SHARD_ID}${encodedText(formatShardId(0))}`,
  end: "",
  droppedBytes: 0,
};

/** `application/x-amz-cbor-1.1`: what the AWS SDKs for Java speak by default, and so the Kinesis Client Library. */
export const cborCodec: Codec = {
  contentType: "application/x-amz-cbor-1.1",

  parse<Name extends OperationName>(body: Uint8Array, name: Name): ParsedBody<Name> {
    if (isPut(name)) {
      const scanned = scanCborPut(name, body);
      if (scanned !== undefined) return new ScannedPut(name, scanned);
    }
    return parseCborBody(body, name);
  },

  checkSyntax(body) {
    wellFormedCbor(body);
  },

  encode<Name extends OperationName>(name: Name, output: OutputOf<Name>): EncodedBody {
    const encodeRecords = recordEncoders[name];
    if (encodeRecords !== undefined) return encodeRecords(output);
    const shape = outputShapes[name];
    return shape === undefined ? "" : encodeStructure(shape, output as object);
  },

  encodeError({ type, message, capitalMessage }) {
    // An Error that was made without a message has an empty one.
    if (!message) return encodeTexts({ __type: type });
    return encodeTexts({ __type: type, [capitalMessage ? "Message" : "message"]: message });
  },

  emptyStructure: encodeTexts({}),

  encodeEvent(event, margins) {
    return encodeWithRecords(eventShapeWithoutRecords, event, margins);
  },

  encodeException(message) {
    return encodeTexts(message === "" ? {} : { message });
  },
};

/** Outputs that are not written by their shape. */
const recordEncoders: { readonly [Name in OperationName]?: (output: OutputOf<Name>) => EncodedBody } = {
  GetRecords: (output) => encodeWithRecords(pageShapeWithoutRecords, output),
  PutRecords: encodePutRecords,
  ReceiveDeadLetterQueueRecords: (output) => encodeReceived("ReceiveDeadLetterQueueRecords", output),
  ReceiveQueueRecords: (output) => encodeReceived("ReceiveQueueRecords", output),
};

/** Disposes of the memory behind the records. */
function encodeReceived(
  name: "ReceiveQueueRecords" | "ReceiveDeadLetterQueueRecords",
  { QueueRecords }: { readonly QueueRecords: ReceivedRecords },
): EncodedBody {
  try {
    const shape = outputShapes[name];
    assert(shape !== undefined, "receives have an output");
    return encodeStructure(shape, { QueueRecords: queueRecordsOf(QueueRecords) });
  } finally {
    QueueRecords.records.lease?.[Symbol.dispose]();
  }
}

function encodeTexts(texts: Readonly<Record<string, string>>): Buffer {
  const writer = new CborWriter();
  writeTextMap(texts, writer);
  return writer.finish();
}

function encodePutRecords(output: OutputOf<"PutRecords">): EncodedBody {
  const { EncryptionType, FailedRecordCount, Records } = output;
  const writer = new CborWriter(Records.count * RESULT_BYTES + RESULT_BYTES);
  writer.head(MAP, 1 + (EncryptionType === undefined ? 0 : 1) + (FailedRecordCount === undefined ? 0 : 1));
  if (EncryptionType !== undefined) {
    writer.text("EncryptionType");
    writer.text(EncryptionType);
  }
  if (FailedRecordCount !== undefined) {
    writer.text("FailedRecordCount");
    writer.integer(FailedRecordCount);
  }
  writer.text("Records");
  writer.head(LIST, Records.count);
  if (Records.stored !== undefined && Records.failures === undefined) {
    const written = encodeStoredResults(writer.finish(), Records.stored, cborPutRows);
    if (written !== undefined) return written;
  }
  // One native call writes all stored records up to the next failure.
  let stored = "";
  for (let index = 0; index < Records.count; index += 1) {
    const failure = Records.failures?.get(index);
    if (failure === undefined) {
      stored += encodedResult(Records, index);
      continue;
    }
    writer.latin1(stored);
    stored = "";
    writeTextMap({ ErrorCode: failure.code, ErrorMessage: failure.message }, writer);
  }
  writer.latin1(stored);
  return writer.finish();
}

/** A stored record has its number and shard; a failed one has only its error. */
function encodedResult(results: PutResults, index: number): string {
  const shardId = results.shardIds[index];
  const sequenceNumber = results.sequenceNumbers[index];
  assert(shardId !== undefined && sequenceNumber !== undefined, "a record that did not fail has a number and a shard");
  return `${NUMBER_HEAD}${encodedText(sequenceNumber)}${SHARD_ID}${encodedText(shardId)}`;
}
