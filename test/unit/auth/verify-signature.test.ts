import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { canonicalRequest } from "../../../src/auth/canonical-request.ts";
import type { Credential } from "../../../src/auth/credential.ts";
import { sign, signingKey } from "../../../src/auth/signature-v4.ts";
import { SigningKeyCache } from "../../../src/auth/signing-key-cache.ts";
import { verifySignature } from "../../../src/auth/verify-signature.ts";
import { ServiceError } from "../../../src/model/service-error.ts";
import { type SignedRequest, type Signing, signedMs, signRequest } from "../../support/signed-request.ts";

const alice: Credential = {
  accessKeyId: "AKIDALICE",
  secretAccessKey: "secret",
  account: "111111111111",
  user: "alice",
};
const temporary: Credential = {
  ...alice,
  accessKeyId: "ASIATEMP",
  sessionToken: "to+ken/==",
  expiresAtMs: signedMs + 60_000,
};

async function verify(
  request: SignedRequest,
  credentials: readonly Credential[] = [alice, temporary],
  nowMs = signedMs,
) {
  return await verifySignature(request, {
    credentialOf: (id) => credentials.find(({ accessKeyId }) => accessKeyId === id),
    keys: new SigningKeyCache(),
    service: "kinesis",
    nowMs: () => nowMs,
  });
}

async function refusalOf(request: SignedRequest, nowMs = signedMs): Promise<string> {
  try {
    await verify(request, undefined, nowMs);
  } catch (error) {
    assert(error instanceof ServiceError);
    return `${error.type}: ${error.message}`;
  }
  assert.fail("a forged request was taken");
}

function withHeaders(request: SignedRequest, headers: Readonly<Record<string, string | undefined>>): SignedRequest {
  const entries = Object.entries({ ...request.headers, ...headers }).filter(([, value]) => value !== undefined);
  return { ...request, headers: Object.fromEntries(entries) as Record<string, string> };
}

function withAuthorization(request: SignedRequest, change: (text: string) => string): SignedRequest {
  return withHeaders(request, { authorization: change(request.headers["authorization"] ?? "") });
}

const mismatch =
  "InvalidSignatureException: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
const unrecognized = "UnrecognizedClientException: The security token included in the request is invalid.";

interface Vector {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly region: string;
  readonly sessionToken?: string;
}

// Signed at 2026-01-01T00:00:00Z by the two signers of botocore 1.43.11; header values and bodies hold a byte a character.
const vectors = JSON.parse(readFileSync(new URL("signed-requests.json", import.meta.url), "utf8")) as readonly Vector[];

for (const { name, url, headers, body, region, sessionToken } of vectors) {
  test(`verifySignature() takes what botocore signed: ${name}`, async () => {
    const credential: Credential = {
      accessKeyId: "AKIDEXAMPLE",
      secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
      account: "123456789012",
      ...(sessionToken === undefined ? {} : { sessionToken }),
    };
    const request = { method: "POST", url, headers, body: Buffer.from(body, "latin1") };
    const caller = await verify(request, [credential]);
    assert.deepEqual([caller.account, caller.region, caller.isVerified], ["123456789012", region, true]);
    assert.equal(caller.credential, credential);
  });
}

test("verifySignature() answers at once for a small body and later for a large one", async () => {
  const rules = {
    credentialOf: () => alice,
    keys: new SigningKeyCache(),
    service: "kinesis" as const,
    nowMs: () => signedMs,
  };
  assert.equal(verifySignature(signRequest(alice, "{}"), rules) instanceof Promise, false);
  const later = verifySignature(signRequest(alice, "x".repeat(100_000)), rules);
  assert(later instanceof Promise);
  assert.equal((await later).accessKeyId, "AKIDALICE");

  // A body may be a part of a larger buffer.
  for (const size of [0, 1, 16 * 1024, 16 * 1024 + 1]) {
    const signed = signRequest(alice, "x".repeat(size));
    const memory = Buffer.concat([Buffer.alloc(1_000, 7), signed.body, Buffer.alloc(1_000, 7)]);
    const request = { ...signed, body: memory.subarray(1_000, 1_000 + size) };
    const verified = verifySignature(request, rules);
    assert.equal(verified instanceof Promise, size > 16 * 1024);
    assert.equal((await verified).accessKeyId, "AKIDALICE");
  }
});

test("verifySignature() folds a header that was sent twice as its signer does", async () => {
  const request = signRequest(alice, "{}", { headers: { "x-custom": "a,b" } });
  await verify(withHeaders(request, { "x-custom": "a, b" }));
  assert.equal(await refusalOf(withHeaders(request, { "x-custom": "a, c" })), mismatch);
});

test("verifySignature() takes any spacing of the Authorization header, and an HTTP date", async () => {
  await verify(withAuthorization(signRequest(alice, "{}"), (text) => text.replaceAll(", ", "   ")));
  const dated = signRequest(alice, "{}", {
    headers: { date: "Thu, 01 Jan 2026 00:00:00 GMT" },
    unsigned: ["x-amz-date"],
  });
  await verify(withHeaders(dated, { "x-amz-date": undefined }));
});

test("verifySignature() leaves x-amz-user-agent to the client", async () => {
  await verify(signRequest(alice, "{}", { headers: { "x-amz-user-agent": "a" }, unsigned: ["x-amz-user-agent"] }));
});

test("verifySignature() takes a signature up to five minutes off, and no second more", async () => {
  const request = signRequest(alice, "{}");
  await verify(request, undefined, signedMs + 300_999);
  await verify(request, undefined, signedMs - 300_000);
  assert.equal(
    await refusalOf(request, signedMs + 301_000),
    "InvalidSignatureException: Signature expired: 20260101T000000Z is now earlier than 20260101T000001Z (20260101T000501Z - 5 min.)",
  );
  assert.equal(
    await refusalOf(request, signedMs - 301_000),
    "InvalidSignatureException: Signature not yet current: 20260101T000000Z is still later than 20251231T235959Z (20251231T235459Z + 5 min.)",
  );
});

test("verifySignature() wants the session token with a temporary key, and that one", async () => {
  const request = signRequest(temporary, "{}");
  await verify(request);
  assert.equal(await refusalOf(withHeaders(request, { "x-amz-security-token": undefined })), unrecognized);
  const { sessionToken: _, ...untokened } = temporary;
  assert.equal(await refusalOf(signRequest(untokened, "{}")), unrecognized);
  assert.equal(await refusalOf(signRequest({ ...temporary, sessionToken: "to+ken/=" }, "{}")), unrecognized);
  assert.equal(await refusalOf(signRequest({ ...alice, sessionToken: "any" }, "{}")), unrecognized);
  assert.equal(
    await refusalOf(request, signedMs + 60_000),
    "ExpiredTokenException: The security token included in the request is expired",
  );
});

const notScoped = "InvalidSignatureException: Credential should be scoped";
type Change = (request: SignedRequest) => SignedRequest;
const authorization = (from: string | RegExp, to: string) => (request: SignedRequest) =>
  withAuthorization(request, (text) => text.replace(from, to));
const header = (name: string, value: string | undefined) => (request: SignedRequest) =>
  withHeaders(request, { [name]: value });
const refusals: readonly (readonly [string, Change, string])[] = [
  [
    "no signature",
    header("authorization", undefined),
    "MissingAuthenticationTokenException: Missing Authentication Token",
  ],
  [
    "both forms at once",
    (request) => ({ ...request, url: "/?X-Amz-Algorithm=AWS4-HMAC-SHA256" }),
    "InvalidSignatureException: Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
  ],
  [
    "a header with nothing in it",
    (request) => withHeaders(request, { authorization: "AWS4-HMAC-SHA256", "x-amz-date": undefined }),
    "IncompleteSignatureException: Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256",
  ],
  [
    "a query with nothing in it",
    (request) => ({ ...withHeaders(request, { authorization: undefined }), url: "/?X-Amz-Algorithm=&X-Amz-Date=1" }),
    "IncompleteSignatureException: AWS query-string parameters must include 'X-Amz-Algorithm'. AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the query-string parameters.",
  ],
  [
    "a date that is none",
    header("x-amz-date", "2026-01-01"),
    "IncompleteSignatureException: Date must be in ISO-8601 'basic format'. Got '2026-01-01'. See http://en.wikipedia.org/wiki/ISO_8601",
  ],
  [
    "a day that no month has",
    header("x-amz-date", "20260231T000000Z"),
    "IncompleteSignatureException: Date must be in ISO-8601 'basic format'. Got '20260231T000000Z'. See http://en.wikipedia.org/wiki/ISO_8601",
  ],
  [
    "an unsigned host",
    authorization("host;", ""),
    "InvalidSignatureException: 'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
  ],
  [
    "an unsigned target",
    authorization(";x-amz-target", ""),
    "InvalidSignatureException: 'x-amz-target' must be a 'SignedHeader' in the AWS Authorization.",
  ],
  [
    "another algorithm",
    authorization("SHA256", "SHA1"),
    "IncompleteSignatureException: Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1' (only AWS4-HMAC-SHA256 for now). ",
  ],
  [
    "a scope of four parts",
    authorization("/aws4_request", ""),
    "IncompleteSignatureException: Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKIDALICE/20260101/us-east-1/kinesis'",
  ],
  ["a scope for another service", authorization("/kinesis/", "/s3/"), `${notScoped} to correct service: 'kinesis'. `],
  [
    "a scope that ends otherwise",
    authorization("aws4_request", "aws5_request"),
    `${notScoped} with a valid terminator: 'aws4_request', not 'aws5_request'. `,
  ],
  ["a region that is none", authorization("us-east-1", "US East"), `IncompleteSignatureException`],
  ["a region in capitals", authorization("us-east-1", "US"), `${notScoped} to a valid region, not 'US'. `],
  [
    "a scope for another day",
    authorization("/20260101/", "/20260102/"),
    "InvalidSignatureException: Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260102' != '20260101', from '20260101T000000Z'.",
  ],
  ["an unknown key", authorization("AKIDALICE", "AKIDALICF"), unrecognized],
  ["another key's signature", authorization("AKIDALICE", "ASIATEMP"), unrecognized],
  ["another valid region", authorization("us-east-1", "us-east-2"), mismatch],
  ["another second", header("x-amz-date", "20260101T000001Z"), mismatch],
  ["another target", header("x-amz-target", "Kinesis_20131202.DeleteStream"), mismatch],
  ["another host", header("host", "kinesis.example:4568"), mismatch],
  ["another path", (request) => ({ ...request, url: "/x" }), mismatch],
  ["another query", (request) => ({ ...request, url: "/?x" }), mismatch],
  ["another method", (request) => ({ ...request, method: "PUT" }), mismatch],
  ["another body", (request) => ({ ...request, body: Buffer.from("{ }") }), mismatch],
  ["a signed header that is gone", authorization("host;", "host;user-agent;"), mismatch],
  ["a signature in capitals", authorization(/Signature=.*/, `Signature=${"A".repeat(64)}`), mismatch],
  ["half a signature", (request) => withAuthorization(request, (text) => text.slice(0, -32)), mismatch],
  ["a signature and more", (request) => withAuthorization(request, (text) => `${text}0`), mismatch],
];
for (const [name, change, refusal] of refusals) {
  test(`verifySignature() refuses ${name}`, async () => {
    const given = await refusalOf(change(signRequest(alice, "{}")));
    if (refusal.includes(": ")) assert.equal(given, refusal);
    else assert(given.startsWith(`${refusal}: `), given);
  });
}

test("verifySignature() takes no body for an unsigned one", async () => {
  const claims: readonly Signing[] = [
    { headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } },
    { headers: { "x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" } },
  ];
  for (const claim of claims) {
    const request = signRequest(alice, "{}", claim);
    // The header itself is nothing but a header: the hash of the body that came is what counts.
    await verify(request);
    assert.equal(await refusalOf({ ...request, body: Buffer.from("[]") }), mismatch);
  }
});

test("verifySignature() refuses headers that are signed twice, that were not sent, and more than a client signs", async () => {
  const request = signRequest(alice, "{}");
  const signing = (change: (names: string) => string) =>
    withAuthorization(request, (text) =>
      text.replace(/SignedHeaders=([^,]*)/, (_, names) => `SignedHeaders=${change(names)}`),
    );
  assert.equal(await refusalOf(signing((names) => `${names};host`)), mismatch);
  assert.equal(await refusalOf(signing((names) => `${names};x-other`)), mismatch);
  assert.equal(await refusalOf(signing((names) => `${names}${";a".repeat(10_000)}`)), mismatch);
});

test("verifySignature() honours the X-Amz-Expires of a query, shorter and longer than five minutes", async () => {
  const request = querySigned("60");
  await verify(request, undefined, signedMs + 60_000);
  assert.equal(
    await refusalOf(request, signedMs + 61_000),
    "InvalidSignatureException: Signature expired: 20260101T000000Z is now earlier than 20260101T000001Z (20260101T000101Z - 1 min.)",
  );
  assert.match(await refusalOf(querySigned("7"), signedMs + 8_000), / - 7 sec\.\)$/);
  await verify(querySigned("604800"), undefined, signedMs + 604_800_000);
  for (const wrong of ["0", "604801", "-1", "1e3", "", "9".repeat(1000)]) {
    assert.match(await refusalOf(querySigned(wrong)), /^IncompleteSignatureException: X-Amz-Expires must be/);
  }
});

/** A request whose signature is in its query, made from one that has it in its header. */
function querySigned(expires: string): SignedRequest {
  const scope = { day: "20260101", region: "us-east-1", service: "kinesis" } as const;
  const claim = encodeURIComponent(`${alice.accessKeyId}/20260101/us-east-1/kinesis/aws4_request`);
  const query = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${claim}&X-Amz-Date=20260101T000000Z`;
  const url = `/?${query}&X-Amz-Expires=${expires}&X-Amz-SignedHeaders=host%3Bx-amz-target`;
  const headers = { host: "kinesis.example", "x-amz-target": "Kinesis_20131202.ListStreams" };
  const payloadHash = createHash("sha256").update("{}").digest("hex");
  const canonical = canonicalRequest({ method: "POST", url, headers, payloadHash }, "host;x-amz-target") ?? "";
  const signature = sign(signingKey(alice.secretAccessKey, scope), canonical, "20260101T000000Z", scope);
  return { method: "POST", url: `${url}&X-Amz-Signature=${signature}`, headers, body: Buffer.from("{}") };
}
