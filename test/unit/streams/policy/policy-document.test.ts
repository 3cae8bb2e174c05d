import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluatePolicies } from "../../../../src/streams/policy/evaluate-policies.ts";
import { type PolicyKind, parsePolicy } from "../../../../src/streams/policy/policy-document.ts";

const good = { Effect: "Allow", Action: "kinesis:PutRecord", Resource: "*" };
const shared = { Effect: "Allow", Action: "kinesis:PutRecord", Principal: "*" };

function problemsOf(kind: PolicyKind, statement: unknown): readonly string[] {
  return parsePolicy({ Version: "2012-10-17", Statement: statement }, kind).problems;
}

test("parsePolicy() reads what IAM's own examples hold", () => {
  const condition = {
    "ForAnyValue:StringLikeIfExists": { "aws:TagKeys": ["a", "b"] },
    Bool: { "aws:SecureTransport": true },
  };
  assert.deepEqual(problemsOf("identity", { Sid: "a", ...good, Condition: condition }), []);
  assert.deepEqual(
    problemsOf("identity", [good, { Effect: "Deny", NotAction: ["a:B"], NotResource: ["arn:aws:s3:::x"] }]),
    [],
  );
  assert.deepEqual(parsePolicy({ Id: "x", Statement: [shared] }, "resource").problems, []);
});

const wrong: readonly (readonly [PolicyKind, unknown, string])[] = [
  ["identity", [], "it has no Statement"],
  ["identity", "x", "its Statement: it is not an object"],
  ["identity", { ...good, Effect: "allow" }, "its Statement: Effect is neither Allow nor Deny"],
  ["identity", [good, { ...good, Efect: 1 }], 'Statement 2: "Efect" is not an element of a statement'],
  ["identity", { Effect: "Allow", Resource: "*" }, "its Statement: it needs either Action or NotAction"],
  ["identity", { ...good, NotAction: "*" }, "its Statement: it needs either Action or NotAction"],
  ["identity", { Effect: "Allow", Action: "*" }, "its Statement: it needs either Resource or NotResource"],
  [
    "identity",
    { ...good, Action: "PutRecord" },
    'its Statement: "PutRecord" is not an action such as kinesis:PutRecord',
  ],
  ["identity", { ...good, Action: [] }, "its Statement: its Action is empty"],
  ["identity", { ...good, Resource: "orders" }, 'its Statement: "orders" is not an ARN or *'],
  ["identity", { ...good, Principal: "*" }, "its Statement: the policy of an identity has no Principal"],
  ["identity", { ...good, Condition: [] }, "its Statement: Condition must be an object of operators"],
  ["identity", { ...good, Condition: { StringEqual: {} } }, 'its Statement: "StringEqual" is not a condition operator'],
  ["identity", { ...good, Condition: { toString: {} } }, 'its Statement: "toString" is not a condition operator'],
  ["identity", { ...good, Condition: { Bool: "x" } }, "its Statement: Bool must be an object of condition keys"],
  [
    "identity",
    { ...good, Condition: { Bool: { k: {} } } },
    "its Statement: Bool of k must be a value or a list of values",
  ],
  [
    "identity",
    { ...good, Condition: { Bool: { k: "yes" } } },
    "its Statement: Bool of k has a value that is not true or false",
  ],
  [
    "identity",
    { ...good, Condition: { IpAddress: { k: "10.0.0.0/33" } } },
    "its Statement: IpAddress of k has a value that is not an address such as 10.0.0.0/8",
  ],
  [
    "identity",
    { ...good, Condition: { DateEquals: { k: "soon" } } },
    "its Statement: DateEquals of k has a value that is not a date such as 2027-01-31T00:00:00Z",
  ],
  [
    "identity",
    { ...good, Condition: { NumericEquals: { k: "1e3" } } },
    "its Statement: NumericEquals of k has a value that is not a number",
  ],
  ["resource", good, "its Statement: it needs either Principal or NotPrincipal"],
  ["resource", { ...shared, NotPrincipal: "*" }, "its Statement: it needs either Principal or NotPrincipal"],
  ["resource", { ...good, NotPrincipal: "*" }, "its Statement: NotPrincipal is supported with Deny only"],
  ["resource", { ...shared, Principal: "alice" }, "its Statement: its Principal names no account, user, role or *"],
  [
    "resource",
    { ...shared, Principal: { AWS: "alice" } },
    "its Statement: its Principal names no account, user, role or *",
  ],
  [
    "resource",
    { ...shared, Principal: { Aws: "*" } },
    "its Statement: its Principal names no account, user, role or *",
  ],
];
for (const [kind, statement, problem] of wrong) {
  test(`parsePolicy() of ${kind} statements: ${problem}`, () =>
    assert.deepEqual(problemsOf(kind, statement), [problem]));
}

test("parsePolicy() refuses other versions and elements", () => {
  const { problems } = parsePolicy({ Version: "2026", Statements: [], Statement: good }, "identity");
  assert.deepEqual(problems, [
    '"Statements" is not an element of a policy',
    "its Version is neither 2012-10-17 nor 2008-10-17",
  ]);
});

test("a policy with a mistake in it errs on the safe side", () => {
  const request = {
    principal: { account: "111111111111", arn: "arn:aws:iam::111111111111:user/u" },
    action: "kinesis:PutRecord",
    resource: "arn:aws:kinesis:us-east-1:111111111111:stream/orders",
    valuesOf: () => undefined,
  };
  const judge = (...statements: readonly unknown[]) =>
    evaluatePolicies(request, [parsePolicy({ Statement: statements }, "identity").policy], { stepsMax: 10_000 });
  const unknown = { Condition: { StringEqual: { "aws:username": "bob" } } };
  assert.equal(judge({ ...good, ...unknown }), "implicit-deny");
  assert.equal(judge(good, { ...good, ...unknown, Effect: "Deny" }), "deny");
  assert.equal(judge(good, { ...good, ...unknown, Effect: "Deny", Action: "kinesis:GetRecords" }), "allow");
  assert.equal(judge(good, { ...good, Effect: "Deny", Action: 7 }), "deny");
  assert.equal(judge(good, { ...good, Effect: "deny" }), "deny");
  assert.equal(judge(good, 7), "deny");
  assert.equal(evaluatePolicies(request, [parsePolicy(7, "identity").policy], { stepsMax: 10_000 }), "deny");
});
