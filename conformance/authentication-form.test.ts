import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { jsonContentType } from "./support/call.ts";
import { assertSentence } from "./support/messages.ts";
import { send } from "./support/send.ts";
import { target } from "./support/target.ts";

const date = { "X-Amz-Date": "20260101T000000Z" };

/** How a request with these headers and this query string is refused. */
async function refusal(headers: Readonly<Record<string, string>>, query = "") {
  const base = { "Content-Type": jsonContentType, "X-Amz-Target": "Kinesis_20131202.ListStreams" };
  const { status, text } = await send(target().endpoint, {
    path: `/${query}`,
    headers: { ...base, ...headers },
    body: "{}",
  });
  assert.equal(status, 400, text);
  const { __type: type, message, ...rest } = JSON.parse(text) as { readonly __type: string; readonly message: string };
  assert.deepEqual(rest, {});
  return { type, message };
}

const missingOfHeader = {
  Credential: "Authorization header requires 'Credential' parameter. ",
  Signature: "Authorization header requires 'Signature' parameter. ",
  SignedHeaders: "Authorization header requires 'SignedHeaders' parameter. ",
} as const;
const missingDate = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";

describe("The form of a signature", () => {
  test("a request without any is told so", async () => {
    assertSentence(await refusal({}), "auth-missing");
    assertSentence(await refusal({}, "?X-Amz-Credential=a&X-Amz-Signature=b"), "auth-missing");
  });

  test("a request with two is told so", async () => {
    assertSentence(await refusal({ Authorization: "AWS4- Credential=a" }, "?X-Amz-Algorithm=a"), "auth-both");
    assertSentence(await refusal({ Authorization: "" }, "?X-Amz-Algorithm=a"), "auth-both");
  });

  test("an Authorization header is told all that it lacks, in a fixed order", async () => {
    const parts = Object.keys(missingOfHeader) as (keyof typeof missingOfHeader)[];
    for (let present = 0; present < 2 ** parts.length; present++) {
      for (const dated of [true, false]) {
        const given = parts.filter((_, i) => (present & (1 << i)) !== 0);
        if (given.length === parts.length && dated) continue;
        const Authorization = `AWS4-HMAC-SHA256 ${given.map((part) => `${part}=x`).join(", ")}`.trim();
        const expected = [
          ...parts.filter((part) => !given.includes(part)).map((part) => missingOfHeader[part]),
          ...(dated ? [] : [missingDate]),
          `Authorization=${Authorization}`,
        ].join("");
        assert.deepEqual(await refusal({ Authorization, ...(dated ? date : {}) }), {
          type: "IncompleteSignatureException",
          message: expected,
        });
      }
    }
  });

  test("an Authorization header is cut at spaces as well as at commas", async () => {
    const Authorization = "AWS4- Signature=b Credential=a";
    assert.deepEqual(await refusal({ Authorization, ...date }), {
      type: "IncompleteSignatureException",
      message: `${missingOfHeader.SignedHeaders}Authorization=${Authorization}`,
    });
  });

  test("a signature in the query is told all that it lacks, in a fixed order; empty is lacking", async () => {
    const names = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"];
    const sentence = (missing: readonly string[]) => ({
      type: "IncompleteSignatureException",
      message: `${missing.map((name) => `AWS query-string parameters must include '${name}'. `).join("")}Re-examine the query-string parameters.`,
    });
    assert.deepEqual(await refusal({}, "?X-Amz-Algorithm=a"), sentence(names.slice(1)));
    assert.deepEqual(await refusal({}, "?X-Amz-Algorithm="), sentence(names));
    assert.deepEqual(
      await refusal({}, "?X-Amz-Date=a&X-Amz-Algorithm=a&X-Amz-Signature="),
      sentence(names.slice(1, 4)),
    );
  });
});
