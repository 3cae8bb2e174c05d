import assert from "node:assert/strict";
import { call } from "./call.ts";
import type { Member, MemberType } from "./input-shape.ts";
import { putAt } from "./place.ts";

const NUMBER = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber";
const BOOLEAN = "class java.lang.Boolean";
const STRING = "class java.lang.String";
const LIST_FOUND = "Start of list found where not expected";
const OBJECT_FOUND = "Start of structure or map found where not expected.";

/** Each type's sentences by the JSON value that does not fit. */
const sentences: Readonly<Record<MemberType, readonly (readonly [value: unknown, message: string])[]>> = {
  Boolean: [
    ["23", "'23' can not be converted to an Boolean"],
    ["maybe", "'MAYBE' can not be converted to an Boolean"],
    [1, `${NUMBER} can not be converted to an Boolean`],
    [[], LIST_FOUND],
    [{}, OBJECT_FOUND],
  ],
  String: [
    [true, `${BOOLEAN} can not be converted to an String`],
    [23, `${NUMBER} can not be converted to an String`],
    [[], LIST_FOUND],
    [{}, OBJECT_FOUND],
  ],
  Integer: [
    ["23", `${STRING} can not be converted to an Integer`],
    [true, `${BOOLEAN} can not be converted to an Integer`],
    [[], LIST_FOUND],
    [{}, OBJECT_FOUND],
  ],
  Blob: [
    [true, `${BOOLEAN} can not be converted to a Blob`],
    [23, `${NUMBER} can not be converted to a Blob`],
    [
      "YQ=",
      "'YQ=' can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 bytes but found: 3",
    ],
    ["YQ!=", "'YQ!=' can not be converted to a Blob: Invalid Base64 character: '!'"],
    ["=YQ=", "'=YQ=' can not be converted to a Blob: Invalid Base64 character: '='"],
    ["YR==", "'YR==' can not be converted to a Blob: Invalid last non-pad Base64 character dectected"],
    [[], LIST_FOUND],
    [{}, OBJECT_FOUND],
  ],
  Timestamp: [
    ["2026-01-01", `${STRING} can not be converted to milliseconds since epoch`],
    [true, `${BOOLEAN} can not be converted to milliseconds since epoch`],
    [[], LIST_FOUND],
    [{}, OBJECT_FOUND],
  ],
  List: [
    ["23", "Expected list or null"],
    [23, "Expected list or null"],
    [true, "Expected list or null"],
    [{}, OBJECT_FOUND],
  ],
  Map: [
    ["23", "Expected map or null"],
    [23, "Expected map or null"],
    [true, "Expected map or null"],
    [[], LIST_FOUND],
  ],
  Structure: [
    ["23", "Expected null"],
    [23, "Expected null"],
    [true, "Expected null"],
    [[], LIST_FOUND],
  ],
};

const met = new Set<string>();

/** The sentences on types, as `Type: sentence`, that no test of this process has met so far. */
export function unmetTypeSentences(): readonly string[] {
  return Object.entries(sentences)
    .flatMap(([type, rows]) => rows.map(([, message]) => `${type}: ${message}`))
    .filter((row) => !met.has(row));
}

/** Asserts that the member at a place is refused with each JSON value that is not of its type. */
export async function testTypes(
  operation: string,
  valid: Readonly<Record<string, unknown>>,
  place: string,
  { type }: Member,
): Promise<void> {
  for (const [value, message] of sentences[type]) {
    const { status, body } = await call(operation, putAt(valid, place, value));
    assert.equal(status, 400);
    // With a capital, unlike every other error.
    assert.deepEqual(body, { __type: "SerializationException", Message: message }, `for ${JSON.stringify(value)}`);
    met.add(`${type}: ${message}`);
  }
}
