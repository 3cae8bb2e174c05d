import { inputShapes, outputShapes } from "../../model/constraints.generated.ts";
import { parseJson } from "../../model/parse-json.ts";
import { unparsableBody } from "../../model/request-errors.ts";
import type { StructureShape } from "../../model/shape.ts";
import type { OperationName } from "../../model/shapes.generated.ts";
import { type BoundStructure, validate } from "../../model/validate.ts";
import type { InputOf, OutputOf } from "../../operations/operation.ts";
import type { Codec } from "../codec/codec.ts";
import {
  checkedPutRecord,
  checkedPutRecords,
  putRecordsWithoutRecords,
  putRecordWithoutRecord,
  releasePut,
  scannedPutInput,
} from "../records/put-inputs.ts";
import { encodePutRecords } from "../records/put-response.ts";
import { columnsOfParsed } from "../records/record-columns.ts";
import { eventWithoutRecords, pageWithoutRecords } from "../records/record-responses.ts";
import { ScannedPut, scanPut } from "../records/scan-put.ts";
import { bindStructure } from "./json-bind.ts";
import { encodeStructure } from "./json-encode.ts";
import { encodeWithRecords } from "./json-records.ts";

/** `application/x-amz-json-1.1`: what every SDK but Java's speaks. */
export const jsonCodec: Codec = {
  contentType: "application/x-amz-json-1.1",

  parse(body, name) {
    if (name === "PutRecord" || name === "PutRecords") {
      const scanned = scanPut(name, body);
      if (scanned !== undefined) return scanned;
    }
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
    let parsed: unknown;
    try {
      parsed = parseJson(text);
    } catch {
      throw unparsableBody();
    }
    if (typeof parsed !== "object" || parsed === null) throw unparsableBody();
    return parsed;
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
      case "PutRecord":
        return encodePutRecord(output as OutputOf<"PutRecord">);
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
    if (!message) return JSON.stringify({ __type: type });
    return JSON.stringify({ __type: type, [capitalMessage ? "Message" : "message"]: message });
  },

  emptyStructure: Buffer.from("{}"),

  encodeEvent(event, room) {
    return encodeWithRecords(eventWithoutRecords, event, room);
  },

  encodeException(message) {
    return Buffer.from(JSON.stringify(message === "" ? {} : { message }));
  },
};

/** None of its members needs an escape. */
function encodePutRecord({ EncryptionType, SequenceNumber, ShardId }: OutputOf<"PutRecord">): string {
  const encryption = EncryptionType === undefined ? "" : `"EncryptionType":"${EncryptionType}",`;
  return `{${encryption}"SequenceNumber":"${SequenceNumber}","ShardId":"${ShardId}"}`;
}

function decodeInput(name: OperationName, parsed: unknown): object {
  switch (name) {
    case "PutRecord":
      return parsed instanceof ScannedPut ? scannedPutInput(name, parsed) : decodePutRecord(parsed);
    case "PutRecords":
      return parsed instanceof ScannedPut ? scannedPutInput(name, parsed) : decodePutRecords(parsed);
    default:
      return bindAndValidate(inputShapes[name], parsed);
  }
}

function bindAndValidate(shape: StructureShape, parsed: unknown): BoundStructure {
  const bound = bindStructure(shape, parsed);
  validate(shape, bound);
  return bound;
}

/** Ordinary records neither fail to bind nor violate anything, so what is left of the request decides alone. */
function decodePutRecords(parsed: unknown): object {
  const columns = columnsOfParsed((parsed as { readonly Records?: unknown }).Records);
  if (columns !== undefined) return { ...bindAndValidate(putRecordsWithoutRecords, parsed), Records: columns };
  return checkedPutRecords(bindAndValidate(inputShapes.PutRecords, parsed));
}

function decodePutRecord(parsed: unknown): object {
  const columns = columnsOfParsed([parsed]);
  if (columns !== undefined) return { ...bindAndValidate(putRecordWithoutRecord, parsed), Record: columns };
  return checkedPutRecord(bindAndValidate(inputShapes.PutRecord, parsed));
}
