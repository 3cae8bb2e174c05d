import assert from "node:assert/strict";
import { test } from "node:test";
import { isMasterKeyRef, parseMasterKeyRef } from "../../../src/streams/master-key-ref.ts";

const scope = { account: "123456789012", region: "eu-west-1" };
const id = "12345678-1234-1234-1234-123456789abc";

test("an id, its ARN, an alias and an alias' ARN name a key; what names no account and region is the caller's", () => {
  const places = {
    [id.toUpperCase()]: { ...scope, name: `key/${id}` },
    "alias/aws/kinesis": { ...scope, name: "alias/aws/kinesis" },
    [`arn:aws:kms:us-east-1:210987654321:key/${id}`]: {
      account: "210987654321",
      region: "us-east-1",
      name: `key/${id}`,
    },
    "arn:aws-cn:kms:cn-north-1:210987654321:alias/a/b": {
      account: "210987654321",
      region: "cn-north-1",
      name: "alias/a/b",
    },
    [`mrk-${"0123456789abcdef".repeat(2)}`]: { ...scope, name: `key/mrk-${"0123456789abcdef".repeat(2)}` },
  };
  for (const [given, place] of Object.entries(places)) assert.deepEqual(parseMasterKeyRef(given, scope), place, given);
});

test("nothing else names a key", () => {
  const others = [
    "",
    "alias",
    "alias/",
    "alias/a b",
    `key/${id}`,
    `${id}0`,
    "arn:aws:kms:us-east-1:210987654321:key/alias/a",
    "arn:aws:kms:us-east-1:210987654321:key/",
    `arn:aws:kms:us-east-1:2109:key/${id}`,
    `arn:aws:kinesis:us-east-1:210987654321:key/${id}`,
  ];
  for (const other of others) assert.equal(isMasterKeyRef(other), false, other);
});
