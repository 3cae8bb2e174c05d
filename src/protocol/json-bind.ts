import { wrongType } from "../model/request-errors.ts";
import type { ListShape, MapShape, Shape, StructureShape } from "../model/shape.ts";
import type { BoundStructure, BoundValue } from "../model/validate.ts";
import { decodeBase64 } from "./base64.ts";

const INT32_MAX = 2_147_483_647;
const INT32_MIN = -2_147_483_648;
/** The largest time that a Date holds, ms from the epoch in either direction. */
const TIMESTAMP_MS_MAX = 8_640_000_000_000_000;

const NUMBER = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber";
const LIST_FOUND = "Start of list found where not expected";
const OBJECT_FOUND = "Start of structure or map found where not expected.";
const booleanWords: ReadonlyMap<string, boolean> = new Map([
  ["TRUE", true],
  ["1", true],
  ["YES", true],
  ["FALSE", false],
  ["0", false],
  ["NO", false],
]);

/**
 * Gives every member of a parsed JSON object the type of its shape: null members are absent, unknown ones ignored.
 * Throws a SerializationException for the first value, in the order of the document, that has another type. Nothing is
 * checked against constraints before all types are right.
 */
export function bindStructure(shape: StructureShape, value: unknown): BoundStructure {
  if (Array.isArray(value)) throw wrongType(LIST_FOUND);
  if (typeof value !== "object" || value === null) throw wrongType("Expected null");
  const bound: Record<string, BoundValue> = {};
  for (const [name, given] of Object.entries(value)) {
    const member = shape.byName.get(name);
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
  if (!Array.isArray(value)) throw wrongType(typeof value === "object" ? OBJECT_FOUND : "Expected list or null");
  return value.map((entry: unknown) => (entry === null ? null : bind(shape.item, entry)));
}

function bindMap(shape: MapShape, value: unknown): BoundValue {
  if (Array.isArray(value)) throw wrongType(LIST_FOUND);
  if (typeof value !== "object" || value === null) throw wrongType("Expected map or null");
  // From entries, because a key may be "__proto__".
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, entry === null ? null : bind(shape.value, entry)]),
  );
}

type ScalarKind = Exclude<Shape["kind"], "structure" | "list" | "map" | "eventStream">;

function bindScalar(kind: ScalarKind, value: unknown): BoundValue {
  if (Array.isArray(value)) throw wrongType(LIST_FOUND);
  switch (typeof value) {
    case "string":
      return bindString(kind, value);
    case "number":
      return bindNumber(kind, value);
    case "boolean":
      if (kind === "boolean") return value;
      throw wrongType(`class java.lang.Boolean ${cannotBecome(kind)}`);
    default:
      throw wrongType(OBJECT_FOUND);
  }
}

function bindString(kind: ScalarKind, value: string): BoundValue {
  if (kind === "string") return value;
  if (kind === "blob") return decodeBase64(value);
  if (kind !== "boolean") throw wrongType(`class java.lang.String ${cannotBecome(kind)}`);
  const upper = value.toUpperCase();
  const word = booleanWords.get(upper);
  if (word === undefined) throw wrongType(`'${upper}' ${cannotBecome(kind)}`);
  return word;
}

function bindNumber(kind: ScalarKind, value: number): BoundValue {
  switch (kind) {
    case "integer":
      return Math.min(Math.max(Math.floor(value), INT32_MIN), INT32_MAX);
    case "long":
      return Math.min(Math.max(Math.floor(value), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
    case "timestamp":
      return Math.min(Math.max(Math.round(value * 1000), -TIMESTAMP_MS_MAX), TIMESTAMP_MS_MAX);
    case "boolean":
      // The service refuses whole numbers and takes fractions.
      if (!Number.isInteger(value)) return true;
      throw wrongType(`${NUMBER} ${cannotBecome(kind)}`);
    default:
      throw wrongType(`${NUMBER} ${cannotBecome(kind)}`);
  }
}

function cannotBecome(kind: ScalarKind): string {
  switch (kind) {
    case "blob":
      return "can not be converted to a Blob";
    case "timestamp":
      return "can not be converted to milliseconds since epoch";
    default:
      return `can not be converted to an ${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
  }
}
