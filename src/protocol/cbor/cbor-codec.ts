import assert from "node:assert/strict";
import { inputShapes, outputShapes } from "../../model/constraints.generated.ts";
import { unparsableBody } from "../../model/request-errors.ts";
import type { StructureShape } from "../../model/shape.ts";
import type { OperationName } from "../../model/shapes.generated.ts";
import { type BoundStructure, validate } from "../../model/validate.ts";
import type { InputOf, OutputOf } from "../../operations/operation.ts";
import type { PutResults } from "../../records/put-results.ts";
import { formatShardId } from "../../streams/positions/shard-id.ts";
import type { Codec } from "../codec/codec.ts";
import {
  checkedPutRecord,
  checkedPutRecords,
  putRecordsWithoutRecords,
  putRecordWithoutRecord,
  releasePut,
  scannedPutInput,
} from "../records/put-inputs.ts";
import { type PutRows, writeStored } from "../records/put-response.ts";
import { eventWithoutRecords, pageWithoutRecords } from "../records/record-responses.ts";
import { ScannedPut } from "../records/scan-put.ts";
import { readStructure } from "./cbor-bind.ts";
import { encodeStructure, writeMap } from "./cbor-encode.ts";
import { LIST, MAP } from "./cbor-head.ts";
import { itemEnd } from "./cbor-item-end.ts";
import { CborReader } from "./cbor-reader.ts";
import { CborRecordColumns } from "./cbor-record-columns.ts";
import { encodedText, encodeWithRecords } from "./cbor-records.ts";
import { CborWriter } from "./cbor-writer.ts";
import { scanCborPut } from "./scan-cbor-put.ts";

/** A stored record's answer takes 107 bytes. */
const RESULT_BYTES = 128;
const PLACE = `${String.fromCharCode((MAP << 5) | 2)}${encodedText("SequenceNumber")}`;
const SHARD_ID = encodedText("ShardId");

const cborPutRows: PutRows = {
  kernel: "writeCborPutRows",
  rowBytes: 103,
  tail: `${SHARD_ID}${encodedText(formatShardId(0))}`,
  end: "",
  droppedBytes: 0,
};

/** `application/x-amz-cbor-1.1`: what the AWS SDKs for Java speak unless told otherwise, and so the Kinesis Client Library. */
export const cborCodec: Codec = {
  contentType: "application/x-amz-cbor-1.1",

  /** Gives the body back once it is known to be one map or list, well-formed to its last byte; or a put that was scanned. */
  parse(body, name) {
    if (name === "PutRecord" || name === "PutRecords") {
      const scanned = scanCborPut(name, body);
      if (scanned !== undefined) return scanned;
    }
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    if (itemEnd(bytes, 0) !== bytes.length) throw unparsableBody();
    const kind = new CborReader(bytes).kind();
    if (kind !== "map" && kind !== "list") throw unparsableBody();
    return bytes;
  },

  decode<Name extends OperationName>(name: Name, parsed: unknown): InputOf<Name> {
    // What the walks below leave is of the input's type: that is what the shape generated beside the type says.
    return decodeInput(name, parsed) as unknown as InputOf<Name>;
  },

  release: releasePut,

  encode<Name extends OperationName>(name: Name, output: OutputOf<Name>): Uint8Array | string {
    switch (name) {
      case "GetRecords":
        return encodeWithRecords(pageWithoutRecords, output as OutputOf<"GetRecords">);
      case "PutRecords":
        return encodePutRecords(output as OutputOf<"PutRecords">);
      default: {
        const shape = outputShapes[name];
        return shape === undefined ? "" : encodeStructure(shape, output as object);
      }
    }
  },

  encodeError({ type, message, capitalMessage }) {
    // An Error that was made without a message has an empty one.
    if (!message) return encodeTexts({ __type: type });
    return encodeTexts({ __type: type, [capitalMessage ? "Message" : "message"]: message });
  },

  emptyStructure: encodeTexts({}),

  encodeEvent(event, room) {
    return encodeWithRecords(eventWithoutRecords, event, room);
  },

  encodeException(message) {
    return encodeTexts(message === "" ? {} : { message });
  },
};

function decodeInput(name: OperationName, parsed: unknown): object {
  if (parsed instanceof ScannedPut) {
    assert(name === "PutRecord" || name === "PutRecords", "only puts are scanned");
    return scannedPutInput(name, parsed);
  }
  assert(parsed instanceof Buffer, "what is decoded has been parsed");
  return decodeParsed(name, parsed);
}

function decodeParsed(name: OperationName, body: Buffer): object {
  switch (name) {
    case "PutRecord":
      return putRecordInPlace(body) ?? checkedPutRecord(bindAndValidate(inputShapes.PutRecord, body));
    case "PutRecords":
      return putRecordsInPlace(body) ?? checkedPutRecords(bindAndValidate(inputShapes.PutRecords, body));
    default:
      return bindAndValidate(inputShapes[name], body);
  }
}

function bindAndValidate(shape: StructureShape, body: Buffer): BoundStructure {
  const bound = readStructure(shape, new CborReader(body));
  validate(shape, bound);
  return bound;
}

/** Undefined unless the records are ordinary; their columns then point into the body. */
function putRecordsInPlace(body: Buffer): object | undefined {
  const columns = new CborRecordColumns(body);
  const rest = readStructure(putRecordsWithoutRecords, new CborReader(body), (name, reader) => {
    if (name === "Records") return columns.takeRecords(reader);
    reader.skip();
    return true;
  });
  if (rest === undefined || columns.count === 0) return undefined;
  validate(putRecordsWithoutRecords, rest);
  return { ...rest, Records: columns.finish() };
}

/** As `putRecordsInPlace()`: the members of the one record lie among the others. */
function putRecordInPlace(body: Buffer): object | undefined {
  const columns = new CborRecordColumns(body);
  const rest = readStructure(putRecordWithoutRecord, new CborReader(body), (name, reader) => {
    switch (name) {
      case "Data":
        return columns.takeData(reader);
      case "PartitionKey":
        return columns.takeKey(reader);
      case "ExplicitHashKey":
        return columns.takeHashKey(reader);
      default:
        reader.skip();
        return true;
    }
  });
  if (rest === undefined || !columns.endRecord()) return undefined;
  validate(putRecordWithoutRecord, rest);
  return { ...rest, Record: columns.finish() };
}

function encodeTexts(texts: Readonly<Record<string, string>>): Buffer {
  const writer = new CborWriter();
  writeMap(texts, writer);
  return writer.finish();
}

function encodePutRecords(output: OutputOf<"PutRecords">): Buffer {
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
    const written = writeStored(writer.finish(), Records.stored, cborPutRows);
    if (written !== undefined) return written;
  }
  // One native call writes all that were stored up to the next failure.
  let stored = "";
  for (let index = 0; index < Records.count; index += 1) {
    const failure = Records.failures?.get(index);
    if (failure === undefined) {
      stored += encodedPlace(Records, index);
      continue;
    }
    writer.latin1(stored);
    stored = "";
    writeMap({ ErrorCode: failure.code, ErrorMessage: failure.message }, writer);
  }
  writer.latin1(stored);
  return writer.finish();
}

/** All that a stored record is answered with; a failed one has only its error. */
function encodedPlace(results: PutResults, index: number): string {
  const shardId = results.shardIds[index];
  const sequenceNumber = results.sequenceNumbers[index];
  assert(shardId !== undefined && sequenceNumber !== undefined, "a record that did not fail has a place");
  return `${PLACE}${encodedText(sequenceNumber)}${SHARD_ID}${encodedText(shardId)}`;
}
