import { wrongType } from "../../model/request-errors.ts";
import type { Shape } from "../../model/shape.ts";

/*
 * What both formats say about a value of the wrong type, in the service's words. They were captured from responses to
 * JSON requests; those to CBOR are not known to differ.
 */
export type ScalarKind = Exclude<Shape["kind"], "structure" | "list" | "map" | "eventStream">;

export const LIST_FOUND_TEXT = "Start of list found where not expected";
export const OBJECT_FOUND_TEXT = "Start of structure or map found where not expected.";

const INT32_MAX = 2_147_483_647;
const INT32_MIN = -2_147_483_648;
/** The largest time that a Date holds, ms from the epoch in either direction. */
const TIMESTAMP_MS_MAX = 8_640_000_000_000_000;

const NUMBER = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber";
const booleanWords: ReadonlyMap<string, boolean> = new Map([
  ["TRUE", true],
  ["1", true],
  ["YES", true],
  ["FALSE", false],
  ["0", false],
  ["NO", false],
]);

/** Converts a text for anything but a blob. */
export function bindText(kind: Exclude<ScalarKind, "blob">, value: string): string | boolean {
  if (kind === "string") return value;
  if (kind !== "boolean") throw wrongType(`class java.lang.String ${conversionErrorText(kind)}`);
  const upper = value.toUpperCase();
  const word = booleanWords.get(upper);
  if (word === undefined) throw wrongType(`'${upper}' ${conversionErrorText(kind)}`);
  return word;
}

/** Converts a number for anything but a timestamp, whose unit depends on the format. */
export function bindNumber(kind: Exclude<ScalarKind, "timestamp">, value: number): number | boolean {
  switch (kind) {
    case "integer":
      return Math.min(Math.max(Math.floor(value), INT32_MIN), INT32_MAX);
    case "long":
      return Math.min(Math.max(Math.floor(value), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
    case "boolean":
      // The service refuses whole numbers and takes fractions.
      if (!Number.isInteger(value)) return true;
      throw wrongType(`${NUMBER} ${conversionErrorText(kind)}`);
    default:
      throw wrongType(`${NUMBER} ${conversionErrorText(kind)}`);
  }
}

export function bindBoolean(kind: ScalarKind, value: boolean): boolean {
  if (kind === "boolean") return value;
  throw wrongType(`class java.lang.Boolean ${conversionErrorText(kind)}`);
}

/** Rounds a time to whole ms, and limits it to what a Date can hold. */
export function bindMs(ms: number): number {
  return Math.min(Math.max(Math.round(ms), -TIMESTAMP_MS_MAX), TIMESTAMP_MS_MAX);
}

export function conversionErrorText(kind: ScalarKind): string {
  switch (kind) {
    case "blob":
      return "can not be converted to a Blob";
    case "timestamp":
      return "can not be converted to milliseconds since epoch";
    default:
      return `can not be converted to an ${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
  }
}
