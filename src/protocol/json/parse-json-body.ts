import assert from "node:assert/strict";
import { parseUntrustedJson } from "../../model/parse-untrusted-json.ts";
import { unparsableBody } from "../../model/request-errors.ts";
import type { StructureShape } from "../../model/shape.ts";
import type { OperationName } from "../../model/shapes.generated.ts";
import type { BoundStructure } from "../../model/validate.ts";
import type { PutOperation } from "../../records/operation-io.ts";
import type { ParsedBody } from "../codec/codec.ts";
import { isNonPut, isPut, type OrdinaryPut, ParsedPut, putShapesWithoutRecords } from "../records/parsed-put.ts";
import { ParsedStructure } from "../records/parsed-structure.ts";
import { columnsOfParsedJson } from "../records/put-columns.ts";
import { bindStructure } from "./json-bind.ts";
import { isWithinJsonBounds } from "./json-bounds.ts";

/** Throws a SerializationException without a message unless the body is an object or a list within the bounds. */
export function parseJsonObjectOrList(body: Uint8Array): object {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!isWithinJsonBounds(bytes)) throw unparsableBody();
  let parsed: unknown;
  try {
    parsed = parseUntrustedJson(bytes.toString("utf8"));
  } catch {
    throw unparsableBody();
  }
  if (typeof parsed !== "object" || parsed === null) throw unparsableBody();
  return parsed;
}

/** The general path of any JSON body. */
export function parseJsonBody<Name extends OperationName>(body: Uint8Array, name: Name): ParsedBody<Name> {
  const parsed = parseJsonObjectOrList(body);
  const bind = (shape: StructureShape): BoundStructure => bindStructure(shape, parsed);
  if (isNonPut(name)) return new ParsedStructure(name, bind);
  assert(isPut(name), "what is not plain is a put");
  return new ParsedPut(name, { bind, ordinary: () => ordinaryPut(name, parsed) });
}

function ordinaryPut(name: PutOperation, parsed: object): OrdinaryPut | undefined {
  const columns = columnsOfParsedJson(
    name === "PutRecord" ? [parsed] : "Records" in parsed ? parsed.Records : undefined,
  );
  if (columns === undefined) return undefined;
  try {
    return { ...columns, rest: bindStructure(putShapesWithoutRecords[name], parsed) };
  } catch (wrongType) {
    columns.lease[Symbol.dispose]();
    throw wrongType;
  }
}
