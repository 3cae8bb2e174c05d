import assert from "node:assert/strict";
import { test } from "node:test";
import { signingKey } from "../../../src/auth/signature-v4.ts";
import { SigningKeyCache } from "../../../src/auth/signing-key-cache.ts";

const credential = { accessKeyId: "a", secretAccessKey: "s", account: "111111111111" };

test("SigningKeys gives a kept key again, and makes what it has not kept", () => {
  const keys = new SigningKeyCache();
  const scope = { day: "20260101", region: "us-east-1", service: "kinesis" } as const;
  const key = keys.find(credential, scope);
  assert.deepEqual(key, signingKey("s", scope));
  assert.notEqual(keys.find(credential, scope), key);
  keys.keep(credential, scope, key);
  assert.equal(keys.find(credential, scope), key);
  assert.notDeepEqual(keys.find(credential, { ...scope, region: "us-east-2" }), key);
  assert.notDeepEqual(keys.find(credential, { ...scope, service: "monitoring" }), key);
  // The same id with another secret is another credential.
  const replaced = { ...credential, secretAccessKey: "t" };
  assert.deepEqual(keys.find(replaced, scope), signingKey("t", scope));
});

test("SigningKeys lets the oldest go when a credential has sixteen", () => {
  const keys = new SigningKeyCache();
  const scopes = Array.from({ length: 17 }, (_, index) => ({
    day: "20260101",
    region: `r-${index}`,
    service: "kinesis" as const,
  }));
  const made = scopes.map((scope) => {
    const key = keys.find(credential, scope);
    keys.keep(credential, scope, key);
    return key;
  });
  const isKept = scopes.map((scope, index) => keys.find(credential, scope) === made[index]);
  assert.deepEqual(isKept, [false, ...Array.from({ length: 16 }, () => true)]);
});
