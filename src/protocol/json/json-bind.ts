import { wrongType } from "../../model/request-errors.ts";
import type { ListShape, MapShape, Shape, StructureShape } from "../../model/shape.ts";
import type { BoundStructure, BoundValue } from "../../model/validate.ts";
import {
  bindBoolean,
  bindMs,
  bindNumber,
  bindText,
  LIST_FOUND_TEXT,
  OBJECT_FOUND_TEXT,
  type ScalarKind,
} from "../codec/bind-scalar.ts";
import { decodeBase64 } from "../records/decode-base64.ts";

/**
 * Gives every member of a parsed JSON object the type of its shape: null members are absent, unknown ones ignored.
 * Throws a SerializationException for the first value, in the order of the document, that has another type. Nothing is
 * checked against constraints before all types are right.
 */
export function bindStructure(shape: StructureShape, value: unknown): BoundStructure {
  if (Array.isArray(value)) throw wrongType(LIST_FOUND_TEXT);
  if (typeof value !== "object" || value === null) throw wrongType("Expected null");
  const bound: Record<string, BoundValue> = {};
  for (const name of Object.keys(value)) {
    const member = shape.byName.get(name);
    const given = (value as Readonly<Record<string, unknown>>)[name];
    if (member !== undefined && given !== null) bound[name] = bind(member.shape, given);
  }
  return bound;
}

function bind(shape: Shape, value: unknown): BoundValue {
  switch (shape.kind) {
    case "structure":
      return bindStructure(shape, value);
    case "list":
      return bindList(shape, value);
    case "map":
      return bindMap(shape, value);
    case "eventStream":
      throw wrongType("Expected null");
    default:
      return bindScalar(shape.kind, value);
  }
}

function bindList(shape: ListShape, value: unknown): BoundValue {
  if (!Array.isArray(value)) throw wrongType(typeof value === "object" ? OBJECT_FOUND_TEXT : "Expected list or null");
  return value.map((entry: unknown) => (entry === null ? null : bind(shape.item, entry)));
}

function bindMap(shape: MapShape, value: unknown): BoundValue {
  if (Array.isArray(value)) throw wrongType(LIST_FOUND_TEXT);
  if (typeof value !== "object" || value === null) throw wrongType("Expected map or null");
  // From entries, because a key may be "__proto__".
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, entry === null ? null : bind(shape.value, entry)]),
  );
}

function bindScalar(kind: ScalarKind, value: unknown): BoundValue {
  if (Array.isArray(value)) throw wrongType(LIST_FOUND_TEXT);
  switch (typeof value) {
    case "string":
      return kind === "blob" ? decodeBase64(value) : bindText(kind, value);
    case "number":
      return kind === "timestamp" ? bindMs(value * 1000) : bindNumber(kind, value);
    case "boolean":
      return bindBoolean(kind, value);
    default:
      throw wrongType(OBJECT_FOUND_TEXT);
  }
}
