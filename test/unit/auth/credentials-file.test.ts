import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCredentialsFile, validateCredentialsFile } from "../../../src/auth/credentials-file.ts";

const entry = { accessKeyId: "AKIDALICE", secretAccessKey: "wJalr/+x", account: "111111111111" };
const allowAll = { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "*", Resource: "*" } };

test("parseCredentialsFile() reads all members of an entry", () => {
  const full = {
    ...entry,
    accessKeyId: "ASIABOB",
    sessionToken: "to/k+en==",
    expiresAt: "2026-01-01T01:00:00+01:00",
    user: "team/bob",
    policies: [allowAll],
  };
  const { credentials, problems } = parseCredentialsFile({ credentials: [entry, full] });
  assert.equal(problems, undefined);
  assert.deepEqual(credentials?.get("AKIDALICE"), entry);
  const bob = credentials?.get("ASIABOB");
  assert.equal(bob?.expiresAtMs, Date.parse("2026-01-01T00:00:00Z"));
  assert.deepEqual([bob?.user, bob?.sessionToken, bob?.policies?.length], ["team/bob", "to/k+en==", 1]);
});

test("parseCredentialsFile() distinguishes an entry without policies from one with an empty list", () => {
  const { credentials } = parseCredentialsFile({ credentials: [{ ...entry, policies: [] }] });
  assert.deepEqual(credentials?.get("AKIDALICE")?.policies, []);
});

test("parseCredentialsFile() lists everything that is wrong at once, and quotes no secret", () => {
  const secret = "very secret";
  const problems = validateCredentialsFile({
    credentials: [
      { accessKeyId: secret, secretAccessKey: secret, account: secret, sessionToken: secret, expiresAt: secret },
      { ...entry, [secret]: secret, user: secret, policies: secret },
      entry,
      { ...entry, policies: [{ Statement: { Effect: "Perhaps", Action: "kinesis:*", Resource: "*" } }, 7] },
      secret,
    ],
    other: secret,
  });
  assert.deepEqual(problems, [
    'has members other than "credentials"',
    "credentials[0]: accessKeyId must be 1 to 128 letters, digits, dashes and underscores",
    "credentials[0]: secretAccessKey must be 1 to 1024 visible characters",
    "credentials[0]: sessionToken must be 1 to 8192 visible characters",
    "credentials[0]: account must be an account number of 12 digits",
    "credentials[0]: expiresAt must be a time such as 2027-01-31T12:00:00Z",
    "credentials[1]: has a member other than accessKeyId, secretAccessKey, sessionToken, expiresAt, account, user, policies",
    "credentials[1]: user must be the name of an IAM user",
    "credentials[1]: policies must be a list of IAM policy documents",
    "credentials[2]: accessKeyId is used by an earlier entry too",
    "credentials[3]: policies[0]: its Statement: Effect is neither Allow nor Deny",
    "credentials[3]: policies[1]: it is not a JSON object",
    "credentials[3]: accessKeyId is used by an earlier entry too",
    "credentials[4]: must be an object",
  ]);
});

for (const json of [null, [], "x", {}, { credentials: {} }]) {
  test(`parseCredentialsFile() refuses ${JSON.stringify(json)}`, () => {
    assert.deepEqual(validateCredentialsFile(json), ['must hold one JSON object with a list, {"credentials": [...]}']);
  });
}

test("parseCredentialsFile() refuses an empty list, and one of more than ten thousand", () => {
  assert.deepEqual(validateCredentialsFile({ credentials: [] }), [
    "has no credentials, so all requests would be refused",
  ]);
  const credentials = Array.from({ length: 10_001 }, () => entry);
  assert.deepEqual(validateCredentialsFile({ credentials }), ["has more than 10000 credentials"]);
});
