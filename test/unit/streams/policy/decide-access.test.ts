import assert from "node:assert/strict";
import { test } from "node:test";
import { denialReason } from "../../../../src/streams/policy/decide-access.ts";
import { parsePolicy } from "../../../../src/streams/policy/policy-document.ts";

const owner = "111111111111";
const otherAccount = "222222222222";
const orders = `arn:aws:kinesis:us-east-1:${owner}:stream/orders`;
const statement = { Action: "kinesis:PutRecord", Resource: "*" };
const identity = (...effects: readonly string[]) =>
  effects.map((Effect) => parsePolicy({ Statement: { Effect, ...statement } }, "identity").policy);
const resource = (Effect: string, principal: unknown) =>
  parsePolicy({ Statement: { Effect, ...statement, Principal: principal } }, "resource").policy;

const [allow, deny, none, all] = [identity("Allow"), identity("Deny"), identity(), undefined];
const userOf = (account: string) => `arn:aws:iam::${account}:user/u`;
const toUser = (account: string) => resource("Allow", { AWS: userOf(account) });
const toAccount = (account: string) => resource("Allow", { AWS: account });
const toAll = resource("Allow", "*");
const denyAll = resource("Deny", "*");

const noIdentity = "no identity-based policy allows";
const noResource = "no resource-based policy allows";
const identityDenies = "explicit deny in an identity-based policy";
const resourceDenies = "explicit deny in a resource-based policy";

type Policies = typeof allow | undefined;
const table: readonly (readonly [
  string,
  string,
  Policies,
  ReturnType<typeof resource> | undefined,
  string | undefined,
])[] = [
  ["own: nothing said of either", owner, none, undefined, noIdentity],
  ["own: everything", owner, all, undefined, undefined],
  ["own: the identity allows", owner, allow, undefined, undefined],
  ["own: the resource names the user", owner, none, toUser(owner), undefined],
  ["own: the resource names everybody", owner, none, toAll, undefined],
  ["own: the resource leaves it to the account, which is silent", owner, none, toAccount(owner), noIdentity],
  ["own: the resource leaves it to the account, which allows", owner, allow, toAccount(owner), undefined],
  ["own: the identity allows, the resource speaks of others", owner, allow, toUser(otherAccount), undefined],
  ["own: the identity denies what the resource allows", owner, deny, toUser(owner), identityDenies],
  ["own: the resource denies what the identity allows", owner, allow, denyAll, resourceDenies],
  ["own: the resource denies what is unlimited", owner, all, denyAll, resourceDenies],
  ["own: both deny", owner, deny, denyAll, identityDenies],
  ["own: allowed and denied by the identity", owner, identity("Allow", "Deny"), undefined, identityDenies],
  ["across: nothing said of either", otherAccount, none, undefined, noIdentity],
  ["across: everything in the own account", otherAccount, all, toAll, noIdentity],
  ["across: the identity alone allows", otherAccount, allow, undefined, noResource],
  ["across: the resource alone allows", otherAccount, none, toUser(otherAccount), noIdentity],
  ["across: both allow, by user", otherAccount, allow, toUser(otherAccount), undefined],
  ["across: both allow, by account", otherAccount, allow, toAccount(otherAccount), undefined],
  ["across: both allow, by all principals", otherAccount, allow, toAll, undefined],
  ["across: the resource allows another account", otherAccount, allow, toAccount(owner), noResource],
  ["across: the identity denies", otherAccount, identity("Allow", "Deny"), toAll, identityDenies],
  ["across: the resource denies, which does not prove that it exists", otherAccount, allow, denyAll, noResource],
];
for (const [name, account, identityPolicies, resourcePolicy, because] of table) {
  test(`decideAccess() ${name} → ${because ?? "allowed"}`, () => {
    const request = {
      principal: { account, arn: userOf(account) },
      action: "kinesis:PutRecord",
      resource: orders,
      valuesOf: () => undefined,
    };
    assert.equal(denialReason(request, { owner, identityPolicies, resourcePolicy }), because);
  });
}
