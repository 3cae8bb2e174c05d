import assert from "node:assert/strict";
import { unparsableBody } from "../../model/request-errors.ts";
import type { StructureShape } from "../../model/shape.ts";
import type { OperationName } from "../../model/shapes.generated.ts";
import type { BoundStructure } from "../../model/validate.ts";
import type { PutOperation } from "../../records/operation-io.ts";
import type { ParsedBody } from "../codec/codec.ts";
import { isNonPut, isPut, type OrdinaryPut, ParsedPut, putShapesWithoutRecords } from "../records/parsed-put.ts";
import { ParsedStructure } from "../records/parsed-structure.ts";
import { readStructure, type TakeOther } from "./cbor-bind.ts";
import { CborPutColumns } from "./cbor-put-columns.ts";
import { CborReader } from "./cbor-reader.ts";
import { wellFormedItemEnd } from "./check-well-formed.ts";

/** Throws a SerializationException without a message unless the body is one map or list, well formed to its last byte. */
export function wellFormedCbor(body: Uint8Array): Buffer {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (wellFormedItemEnd(bytes, 0) !== bytes.length) throw unparsableBody();
  const kind = new CborReader(bytes).kind();
  if (kind !== "map" && kind !== "list") throw unparsableBody();
  return bytes;
}

/** The general path of any CBOR body. */
export function parseCborBody<Name extends OperationName>(body: Uint8Array, name: Name): ParsedBody<Name> {
  const bytes = wellFormedCbor(body);
  const bind = (shape: StructureShape): BoundStructure => readStructure(shape, new CborReader(bytes));
  if (isNonPut(name)) return new ParsedStructure(name, bind);
  assert(isPut(name), "what is not plain is a put");
  return new ParsedPut(name, { bind, ordinary: () => ordinaryPut(name, bytes) });
}

/** The columns are views of the body. */
function ordinaryPut(name: PutOperation, body: Buffer): OrdinaryPut | undefined {
  const columns = new CborPutColumns(body);
  const takeOther = name === "PutRecords" ? takeRecords(columns) : takeRecordMember(columns);
  const rest = readStructure(putShapesWithoutRecords[name], new CborReader(body), takeOther);
  if (rest === undefined) return undefined;
  // The members of the one record of a PutRecord are among the others.
  const isWhole = name === "PutRecords" ? columns.count > 0 : columns.endRecord();
  return isWhole ? { records: columns.finish(), rest } : undefined;
}

function takeRecords(columns: CborPutColumns): TakeOther {
  return (member, reader) => {
    if (member === "Records") return columns.takeRecords(reader);
    reader.skip();
    return true;
  };
}

function takeRecordMember(columns: CborPutColumns): TakeOther {
  return (member, reader) => {
    switch (member) {
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
  };
}
