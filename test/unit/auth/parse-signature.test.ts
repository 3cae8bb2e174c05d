import assert from "node:assert/strict";
import { test } from "node:test";
import { type ParsedSignature, parseSignature } from "../../../src/auth/parse-signature.ts";
import { ServiceError } from "../../../src/model/service-error.ts";

const pieces = [
  ...["AWS4-HMAC-SHA256", "Credential=AKID/20260101/eu-west-1/kinesis/aws4_request", "SignedHeaders=host;x-amz-date"],
  ...["Signature=ab", "Signature=", "Credential=", "Credential", "=", "a=b", "signature=no", "SignedHeaders=a=b", "é"],
  ...[" ", ",", ", ", "\t", "\u00a0", ",,", " , ", "\u000b"],
];

/** By a pattern: what the reading by hand is held to. */
function byPattern(text: string): Pick<ParsedSignature, "algorithm" | "credential" | "signedHeaders" | "signature"> {
  const [algorithm = "", ...parts] = text.split(/[,\s]+/);
  const named = parts.map((part) => part.split(/=(.*)/s)).filter(({ length }) => length > 1);
  const given = new Map(named.map(([name = "", value = ""]) => [name, value]));
  const of = (name: string): string => given.get(name) ?? "";
  return { algorithm, credential: of("Credential"), signedHeaders: of("SignedHeaders"), signature: of("Signature") };
}

test("an Authorization header is cut at commas and spaces, however many, and the last of two parameters counts", () => {
  let seed = 7;
  const pick = (count: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % count;
  };
  let wholeCount = 0;
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: 1 + pick(14) }, () => pieces[pick(pieces.length)]).join("");
    const expected = byPattern(text);
    const isWhole = expected.credential !== "" && expected.signedHeaders !== "" && expected.signature !== "";
    const read = (): ParsedSignature | undefined => parseSignature("/", { authorization: text, "x-amz-date": "now" });
    if (isWhole) {
      wholeCount++;
      assert.deepEqual(read(), { ...expected, date: "now" }, text);
    } else {
      assert.throws(
        read,
        (error) => error instanceof ServiceError && error.type === "IncompleteSignatureException",
        text,
      );
    }
  }
  assert(wholeCount > 100);
});

test("an incomplete Authorization header names what it lacks, in one order", () => {
  assert.throws(
    () => parseSignature("/", { authorization: "AWS4-HMAC-SHA256 SignedHeaders=host" }),
    (error) =>
      error instanceof ServiceError &&
      error.message ===
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
          "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. " +
          "Authorization=AWS4-HMAC-SHA256 SignedHeaders=host",
  );
});
