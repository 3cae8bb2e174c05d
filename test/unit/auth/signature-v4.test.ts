import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { sign, signingKey } from "../../../src/auth/signature-v4.ts";

test("a signature is the HMAC that node:crypto makes of the string to sign, however long", () => {
  const secret = fc.string({ minLength: 1, maxLength: 80 });
  const region = fc.oneof(fc.constant("us-east-1"), fc.string({ unit: "grapheme-ascii", maxLength: 700 }));
  fc.assert(
    fc.property(secret, region, fc.string({ unit: "grapheme-ascii", maxLength: 300 }), (secret, region, canonical) => {
      const scope = { day: "20261126", region, service: "kinesis" } as const;
      const date = "20261126T111213Z";
      const key = signingKey(secret, scope);
      const digest = createHash("sha256").update(canonical, "latin1").digest("hex");
      const toSign = `AWS4-HMAC-SHA256\n${date}\n20261126/${region}/kinesis/aws4_request\n${digest}`;
      const expected = createHmac("sha256", key).update(toSign, "latin1").digest("hex");
      assert.equal(sign(key, canonical, date, scope), expected);
    }),
  );
});
