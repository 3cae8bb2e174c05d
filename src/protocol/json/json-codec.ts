import { outputShapes } from "../../model/constraints.generated.ts";
import type { OperationName } from "../../model/shapes.generated.ts";
import type { OutputOf } from "../../records/operation-io.ts";
import type { Codec, EncodedBody, ParsedBody } from "../codec/codec.ts";
import { encodePutRecordsJson } from "../records/encode-put-response.ts";
import { eventShapeWithoutRecords } from "../records/output-shapes-without-records.ts";
import { isPut, ScannedPut } from "../records/parsed-put.ts";
import { scanJsonPut } from "../records/scan-put.ts";
import { encodePage, encodeWithRecords } from "./encode-outgoing-records.ts";
import { encodeReceivedRecords } from "./encode-received-records.ts";
import { encodeStructure } from "./json-encode.ts";
import { parseJsonBody, parseJsonObjectOrList } from "./parse-json-body.ts";

/** `application/x-amz-json-1.1`: what every SDK but Java's speaks. */
export const jsonCodec: Codec = {
  contentType: "application/x-amz-json-1.1",

  parse<Name extends OperationName>(body: Uint8Array, name: Name): ParsedBody<Name> {
    if (isPut(name)) {
      const scanned = scanJsonPut(name, body);
      if (scanned !== undefined) return new ScannedPut(name, scanned);
    }
    return parseJsonBody(body, name);
  },

  checkSyntax(body) {
    parseJsonObjectOrList(body);
  },

  encode<Name extends OperationName>(name: Name, output: OutputOf<Name>): EncodedBody {
    const encodeRecords = recordEncoders[name];
    if (encodeRecords !== undefined) return encodeRecords(output);
    const shape = outputShapes[name];
    return shape === undefined ? "" : encodeStructure(shape, output as object);
  },

  encodeError({ type, message, capitalMessage }) {
    // An Error that was made without a message has an empty one.
    if (!message) return JSON.stringify({ __type: type });
    return JSON.stringify({ __type: type, [capitalMessage ? "Message" : "message"]: message });
  },

  emptyStructure: Buffer.from("{}"),

  encodeEvent(event, margins) {
    return encodeWithRecords(eventShapeWithoutRecords, event, margins);
  },

  encodeException(message) {
    return Buffer.from(JSON.stringify(message === "" ? {} : { message }));
  },
};

/** Outputs that are not written by their shape. */
const recordEncoders: { readonly [Name in OperationName]?: (output: OutputOf<Name>) => EncodedBody } = {
  GetRecords: encodePage,
  PutRecord: encodePutRecord,
  PutRecords: encodePutRecordsJson,
  ReceiveDeadLetterQueueRecords: encodeReceivedRecords,
  ReceiveQueueRecords: encodeReceivedRecords,
};

/** None of its members needs an escape. */
function encodePutRecord({ EncryptionType, SequenceNumber, ShardId }: OutputOf<"PutRecord">): string {
  const encryption = EncryptionType === undefined ? "" : `"EncryptionType":"${EncryptionType}",`;
  return `{${encryption}"SequenceNumber":"${SequenceNumber}","ShardId":"${ShardId}"}`;
}
