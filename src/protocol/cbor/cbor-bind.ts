import { unparsableBody, wrongType } from "../../model/request-errors.ts";
import type { ListShape, MapShape, Shape, StructureShape } from "../../model/shape.ts";
import type { BoundStructure, BoundValue } from "../../model/validate.ts";
import {
  bindBoolean,
  bindMs,
  bindNumber,
  bindText,
  conversionErrorText,
  LIST_FOUND_TEXT,
  OBJECT_FOUND_TEXT,
  type ScalarKind,
} from "../codec/bind-scalar.ts";
import { documentValueCountMax } from "../codec/document-limits.ts";
import type { CborReader } from "./cbor-reader.ts";

/** Takes the value of a member that the shape does not have; false ends the reading. */
export type TakeOther = (name: string, reader: CborReader) => boolean;

/**
 * Reads a structure straight into the types of its shape: null members are absent, unknown ones ignored. A blob is a
 * view of what is read. Undefined only when `takeOther` ends the reading. Errors: SerializationException, for the first
 * value of another type.
 */
export function readStructure(shape: StructureShape, reader: CborReader): BoundStructure;
export function readStructure(
  shape: StructureShape,
  reader: CborReader,
  takeOther: TakeOther,
): BoundStructure | undefined;
export function readStructure(
  shape: StructureShape,
  reader: CborReader,
  takeOther: TakeOther = skipOther,
): BoundStructure | undefined {
  const kind = reader.kind();
  if (kind === "list") throw wrongType(LIST_FOUND_TEXT);
  if (kind !== "map") throw wrongType("Expected null");
  const bound: Record<string, BoundValue> = {};
  for (let left = reader.open(); left > 0 && !reader.atBreak(); left -= 1) {
    const name = reader.text();
    const member = shape.byName.get(name);
    if (member === undefined) {
      if (!takeOther(name, reader)) return undefined;
      continue;
    }
    const value = readValue(member.shape, reader);
    // The last of two members of one name counts.
    if (value === null) delete bound[name];
    else bound[name] = value;
  }
  return bound;
}

function skipOther(_name: string, reader: CborReader): boolean {
  reader.skip();
  return true;
}

function readValue(shape: Shape, reader: CborReader): BoundValue {
  if (reader.kind() === "null") {
    reader.skip();
    return null;
  }
  switch (shape.kind) {
    case "structure":
      return readStructure(shape, reader);
    case "list":
      return readList(shape, reader);
    case "map":
      return readMap(shape, reader);
    case "eventStream":
      throw wrongType("Expected null");
    default:
      return readScalar(shape.kind, reader);
  }
}

function readList(shape: ListShape, reader: CborReader): BoundValue {
  const kind = reader.kind();
  if (kind !== "list") throw wrongType(kind === "map" ? OBJECT_FOUND_TEXT : "Expected list or null");
  const items: BoundValue[] = [];
  for (let left = reader.open(); left > 0 && !reader.atBreak(); left -= 1) {
    if (items.length === documentValueCountMax) throw unparsableBody();
    items.push(readValue(shape.item, reader));
  }
  return items;
}

function readMap(shape: MapShape, reader: CborReader): BoundValue {
  const kind = reader.kind();
  if (kind === "list") throw wrongType(LIST_FOUND_TEXT);
  if (kind !== "map") throw wrongType("Expected map or null");
  const entries: [string, BoundValue][] = [];
  for (let left = reader.open(); left > 0 && !reader.atBreak(); left -= 1) {
    if (entries.length === documentValueCountMax) throw unparsableBody();
    entries.push([reader.text(), readValue(shape.value, reader)]);
  }
  // From entries, because a key may be "__proto__".
  return Object.fromEntries(entries);
}

function readScalar(kind: ScalarKind, reader: CborReader): BoundValue {
  switch (reader.kind()) {
    case "list":
      throw wrongType(LIST_FOUND_TEXT);
    case "text":
      if (kind === "blob") throw wrongType(`class java.lang.String ${conversionErrorText(kind)}`);
      return bindText(kind, reader.text());
    case "bytes":
      if (kind === "blob") return reader.byteString();
      throw wrongType(`class java.nio.HeapByteBuffer ${conversionErrorText(kind)}`);
    case "integer":
      return kind === "timestamp" ? bindMs(reader.integer()) : bindNumber(kind, reader.integer());
    case "float":
      return readFloat(kind, reader.float());
    case "boolean":
      return bindBoolean(kind, reader.boolean());
    default:
      throw wrongType(OBJECT_FOUND_TEXT);
  }
}

/**
 * A time with a fraction would be seconds, as RFC 8949 has them; the service's own clients never send one. To take it
 * for ms would silently mean 1970, so it is refused; docs/compatibility.md, "CBOR".
 */
function readFloat(kind: ScalarKind, value: number): BoundValue {
  if (kind === "timestamp" || Number.isNaN(value))
    throw wrongType(`class java.lang.Double ${conversionErrorText(kind)}`);
  return bindNumber(kind, value);
}
