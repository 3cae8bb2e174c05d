import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeBase64, decodeBase64Into } from "../../../../src/protocol/records/decode-base64.ts";

const STRICT = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;

test("decodeBase64() gives back every sequence of bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      assert.deepEqual(Uint8Array.from(decodeBase64(Buffer.from(bytes).toString("base64"))), bytes);
    }),
  );
});

test("writeBase64() accepts exactly the strict form", () => {
  const nearlyBase64 = fc.string({ unit: fc.constantFrom(..."AQgwEBz09+/=-_ \nŁé"), maxLength: 12 });
  fc.assert(
    fc.property(nearlyBase64, (text) => {
      assert.equal(decodeBase64Into(text, Buffer.alloc(64), 0), STRICT.test(text));
    }),
    { numRuns: 2_000 },
  );
});

const faults: readonly [text: string, fault: string][] = [
  ["A", "Base64 encoded length is expected a multiple of 4 bytes but found: 1"],
  ["=", "Base64 encoded length is expected a multiple of 4 bytes but found: 1"],
  ["AAAAA=", "Base64 encoded length is expected a multiple of 4 bytes but found: 6"],
  ["+/+*", "Invalid Base64 character: '*'"],
  ["AA-_", "Invalid Base64 character: '-'"],
  ["AA=A", "Invalid Base64 character: '='"],
  ["====", "Invalid Base64 character: '='"],
  ["AAA=AAAA", "Invalid Base64 character: '='"],
  ["AAA\n", "Invalid Base64 character: '\n'"],
  ["AAAŁ", "Invalid Base64 character: 'Ł'"],
  ["+/+=", "Invalid last non-pad Base64 character dectected"],
  ["AB==", "Invalid last non-pad Base64 character dectected"],
];

for (const [text, fault] of faults) {
  test(`decodeBase64() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => decodeBase64(text), {
      type: "SerializationException",
      message: `'${text}' can not be converted to a Blob: ${fault}`,
    });
  });
}
