// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables look like placeholders of template strings.
// Long because: it is one table, a line or two for each case.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Decision,
  evaluatePolicies,
  type PolicyRequest,
} from "../../../../src/streams/policy/evaluate-policies.ts";
import { type PolicyKind, parsePolicy } from "../../../../src/streams/policy/policy-document.ts";
import { EvaluationTooLongError } from "../../../../src/streams/policy/policy-pattern.ts";

/** More steps than any case here takes. */
const enough = { stepsMax: 100_000 };

type Json = Readonly<Record<string, unknown>>;
type Values = Readonly<Record<string, string | readonly string[]>>;

interface Asked {
  readonly action?: string;
  readonly resource?: string;
  readonly account?: string;
  readonly arn?: string;
  readonly values?: Values;
}

const account = "111111111111";
const other = "222222222222";
const alice = `arn:aws:iam::${account}:user/alice`;
const orders = `arn:aws:kinesis:us-east-1:${account}:stream/orders`;
const consumer = `${orders}/consumer/app:1767225600`;

function requestOf({ action, resource, account: caller, arn, values = {} }: Asked): PolicyRequest {
  return {
    principal: { account: caller ?? account, arn: arn ?? alice },
    action: action ?? "kinesis:PutRecord",
    resource: resource ?? orders,
    valuesOf(key) {
      const value = Object.hasOwn(values, key) ? values[key] : undefined;
      return typeof value === "string" ? [value] : value;
    },
  };
}

function decide(kind: PolicyKind, statements: Json | readonly Json[], asked: Asked, version = "2012-10-17"): Decision {
  const { policy, problems } = parsePolicy({ Version: version, Statement: statements }, kind);
  assert.deepEqual(problems, []);
  return evaluatePolicies(requestOf(asked), [policy], enough);
}

const [yes, no, denied] = ["allow", "implicit-deny", "deny"] as const;
const allow = (rest: Json = {}): Json => ({ Effect: "Allow", Action: "kinesis:PutRecord", Resource: orders, ...rest });
const deny = (rest: Json = {}): Json => ({ ...allow(rest), Effect: "Deny" });
const notAction = (...names: readonly string[]): Json => ({ Effect: "Allow", NotAction: names, Resource: "*" });
const notResource = (...names: readonly string[]): Json => ({ Effect: "Allow", Action: "*", NotResource: names });
const when = (operator: string, key: string, values: unknown): Json =>
  allow({ Condition: { [operator]: { [key]: values } } });

type Row = readonly [name: string, statements: Json | readonly Json[], asked: Asked, decision: Decision];

const statements: readonly Row[] = [
  ["an allow of this action on this resource", allow(), {}, yes],
  ["a deny of it", deny(), {}, denied],
  ["an allow before a deny", [allow(), deny()], {}, denied],
  ["a deny before an allow", [deny(), allow()], {}, denied],
  ["a deny of something else", [allow(), deny({ Action: "kinesis:GetRecords" })], {}, yes],
  ["an allow of something else", allow({ Action: "kinesis:GetRecords" }), {}, no],
  ["two allows", [allow({ Action: "kinesis:GetRecords" }), allow()], {}, yes],
  ["a list of actions", allow({ Action: ["kinesis:GetRecords", "kinesis:PutRecord"] }), {}, yes],
  ["a list without it", allow({ Action: ["kinesis:GetRecords", "kinesis:PutRecords"] }), {}, no],
];

const actions: readonly Row[] = [
  ["every action", allow({ Action: "*" }), {}, yes],
  ["every action of Kinesis", allow({ Action: "kinesis:*" }), {}, yes],
  ["every action of S3", allow({ Action: "s3:*" }), {}, no],
  ["an action by its beginning", allow({ Action: "kinesis:Put*" }), {}, yes],
  ["an action by its end", allow({ Action: "kinesis:*Record" }), {}, yes],
  ["an action by its middle", allow({ Action: "kinesis:*tRec*" }), {}, yes],
  ["an action with a letter left open", allow({ Action: "kinesis:P?tRecord" }), {}, yes],
  ["a letter too many", allow({ Action: "kinesis:PutRecord?" }), {}, no],
  ["the plural of it", allow({ Action: "kinesis:PutRecords" }), {}, no],
  ["the singular of it", allow(), { action: "kinesis:PutRecords" }, no],
  ["another case", allow({ Action: "KINESIS:putrecord" }), {}, yes],
  ["another case of a wildcard", allow({ Action: "Kinesis:PUT*" }), {}, yes],
  ["everything but another action", notAction("kinesis:GetRecords"), {}, yes],
  ["everything but this action", notAction("kinesis:PutRecord"), {}, no],
  ["everything but this action in another case", notAction("kinesis:putrecord"), {}, no],
  ["everything but a wildcard of it", notAction("kinesis:Get*", "kinesis:Put*"), {}, no],
  ["a deny of everything but this action", [allow(), { ...notAction("kinesis:PutRecord"), Effect: "Deny" }], {}, yes],
  ["a deny of everything but reads", [allow(), { ...notAction("kinesis:Get*"), Effect: "Deny" }], {}, denied],
];

const resources: readonly Row[] = [
  ["every resource", allow({ Resource: "*" }), {}, yes],
  ["every stream of the account", allow({ Resource: `arn:aws:kinesis:us-east-1:${account}:stream/*` }), {}, yes],
  ["every stream of another account", allow({ Resource: `arn:aws:kinesis:us-east-1:${other}:stream/*` }), {}, no],
  ["every region", allow({ Resource: `arn:aws:kinesis:*:${account}:stream/orders` }), {}, yes],
  ["another region", allow({ Resource: `arn:aws:kinesis:eu-west-1:${account}:stream/orders` }), {}, no],
  ["a stream by its beginning", allow({ Resource: `arn:aws:kinesis:us-east-1:${account}:stream/ord*` }), {}, yes],
  [
    "a stream with letters left open",
    allow({ Resource: `arn:aws:kinesis:us-east-1:${account}:stream/o??ers` }),
    {},
    yes,
  ],
  ["a longer name", allow(), { resource: `${orders}2` }, no],
  ["a shorter name", allow(), { resource: orders.slice(0, -1) }, no],
  ["another case of the name", allow(), { resource: orders.replace("orders", "Orders") }, no],
  ["a list of resources", allow({ Resource: ["arn:aws:s3:::a", orders] }), {}, yes],
  ["a stream for its consumer", allow(), { resource: consumer }, no],
  ["the consumer itself", allow({ Resource: consumer }), { resource: consumer }, yes],
  ["any consumer of the stream", allow({ Resource: `${orders}/consumer/*` }), { resource: consumer }, yes],
  ["a consumer whenever it was made", allow({ Resource: `${orders}/consumer/app:*` }), { resource: consumer }, yes],
  ["a consumer of another name", allow({ Resource: `${orders}/consumer/a:*` }), { resource: consumer }, no],
  ["all for what has no resource", allow({ Resource: "*" }), { resource: "*" }, yes],
  ["all streams for what has no resource", allow({ Resource: "arn:aws:kinesis:*:*:stream/*" }), { resource: "*" }, no],
  ["everything but another stream", notResource(`${orders}2`), {}, yes],
  ["everything but this stream", notResource(orders), {}, no],
  ["everything but a wildcard of it", notResource("arn:aws:kinesis:*:*:stream/ord*"), {}, no],
  ["everything but a stream, for what has no resource", notResource(orders), { resource: "*" }, yes],
  ["a deny of everything but this stream", [allow(), { ...notResource(orders), Effect: "Deny" }], {}, yes],
  ["a deny of everything but another", [allow(), { ...notResource(`${orders}2`), Effect: "Deny" }], {}, denied],
];

const name = { values: { "aws:username": "alice" } };
const tags = (...keys: readonly string[]) => ({ values: { "aws:tagkeys": keys } });
const at = (time: string) => ({ values: { "aws:currenttime": time } });
const from = (address: string) => ({ values: { "aws:sourceip": address } });
const epoch = (seconds: string) => ({ values: { "aws:epochtime": seconds } });
const principal = { values: { "aws:principalarn": alice } };

const strings: readonly Row[] = [
  ["StringEquals", when("StringEquals", "aws:username", "alice"), name, yes],
  ["StringEquals of another", when("StringEquals", "aws:username", "bob"), name, no],
  ["StringEquals of several", when("StringEquals", "aws:username", ["bob", "alice"]), name, yes],
  ["StringEquals in another case", when("StringEquals", "aws:username", "Alice"), name, no],
  ["StringEquals with a star", when("StringEquals", "aws:username", "al*"), name, no],
  ["StringEquals without the key", when("StringEquals", "aws:username", "alice"), {}, no],
  ["a key in another case", when("StringEquals", "AWS:UserName", "alice"), name, yes],
  ["StringEqualsIfExists without the key", when("StringEqualsIfExists", "aws:username", "alice"), {}, yes],
  ["StringEqualsIfExists of another", when("StringEqualsIfExists", "aws:username", "bob"), name, no],
  ["StringNotEquals", when("StringNotEquals", "aws:username", "bob"), name, yes],
  ["StringNotEquals of the same", when("StringNotEquals", "aws:username", "alice"), name, no],
  ["StringNotEquals of several", when("StringNotEquals", "aws:username", ["bob", "alice"]), name, no],
  ["StringNotEquals without the key", when("StringNotEquals", "aws:username", "alice"), {}, yes],
  ["StringEqualsIgnoreCase", when("StringEqualsIgnoreCase", "aws:username", "ALICE"), name, yes],
  ["StringNotEqualsIgnoreCase", when("StringNotEqualsIgnoreCase", "aws:username", "ALICE"), name, no],
  ["StringLike", when("StringLike", "aws:username", "a*e"), name, yes],
  ["StringLike with a letter open", when("StringLike", "aws:username", "alic?"), name, yes],
  ["StringLike of another", when("StringLike", "aws:username", "b*"), name, no],
  ["StringLike in another case", when("StringLike", "aws:username", "A*"), name, no],
  ["StringNotLike", when("StringNotLike", "aws:username", "b*"), name, yes],
  ["StringNotLike of the same", when("StringNotLike", "aws:username", "a*"), name, no],
  ["BinaryEquals", when("BinaryEquals", "aws:username", "alice"), name, yes],
  [
    "a deny by StringNotEquals",
    [allow(), { ...when("StringNotEquals", "aws:username", "alice"), Effect: "Deny" }],
    name,
    yes,
  ],
  [
    "a deny by StringNotEquals without the key",
    [allow(), { ...when("StringNotEquals", "aws:username", "alice"), Effect: "Deny" }],
    {},
    denied,
  ],
  [
    "a deny that does not hold",
    [allow(), { ...when("StringEquals", "aws:username", "bob"), Effect: "Deny" }],
    name,
    yes,
  ],
  [
    "two operators that hold",
    allow({ Condition: { StringLike: { "aws:username": "a*" }, Null: { "aws:sourceip": "true" } } }),
    name,
    yes,
  ],
  [
    "two operators of which one holds",
    allow({ Condition: { StringLike: { "aws:username": "a*" }, Null: { "aws:sourceip": "false" } } }),
    name,
    no,
  ],
  [
    "two keys of which one holds",
    allow({ Condition: { StringLike: { "aws:username": "a*", "aws:region": "*" } } }),
    name,
    no,
  ],
];

const otherTypes: readonly Row[] = [
  ["NumericEquals", when("NumericEquals", "aws:epochtime", "10"), epoch("10"), yes],
  ["NumericEquals of a number", when("NumericEquals", "aws:epochtime", 10), epoch("10.0"), yes],
  ["NumericNotEquals", when("NumericNotEquals", "aws:epochtime", "10"), epoch("10"), no],
  ["NumericLessThan", when("NumericLessThan", "aws:epochtime", "10"), epoch("9"), yes],
  ["NumericLessThan of the same", when("NumericLessThan", "aws:epochtime", "10"), epoch("10"), no],
  ["NumericLessThanEquals", when("NumericLessThanEquals", "aws:epochtime", "10"), epoch("10"), yes],
  ["NumericGreaterThan", when("NumericGreaterThan", "aws:epochtime", "9"), epoch("10"), yes],
  ["NumericGreaterThanEquals", when("NumericGreaterThanEquals", "aws:epochtime", "10"), epoch("9"), no],
  ["a number of what is none", when("NumericLessThan", "aws:epochtime", "10"), epoch("soon"), no],
  ["DateEquals", when("DateEquals", "aws:currenttime", "2026-01-01T00:00:00Z"), at("2026-01-01T00:00:00.000Z"), yes],
  ["DateNotEquals", when("DateNotEquals", "aws:currenttime", "2026-01-01"), at("2026-01-01T00:00:00Z"), no],
  ["DateLessThan", when("DateLessThan", "aws:currenttime", "2026-01-02"), at("2026-01-01T23:59:59Z"), yes],
  ["DateLessThan, too late", when("DateLessThan", "aws:currenttime", "2026-01-02"), at("2026-01-02T00:00:00Z"), no],
  ["DateLessThanEquals", when("DateLessThanEquals", "aws:currenttime", "2026-01-02"), at("2026-01-02T00:00:00Z"), yes],
  [
    "DateGreaterThan",
    when("DateGreaterThan", "aws:currenttime", "2026-01-01T00:00:00+01:00"),
    at("2025-12-31T23:00:01Z"),
    yes,
  ],
  [
    "DateGreaterThan, too early",
    when("DateGreaterThan", "aws:currenttime", "2026-01-01"),
    at("2025-12-31T23:59:59Z"),
    no,
  ],
  [
    "DateGreaterThanEquals of seconds",
    when("DateGreaterThanEquals", "aws:currenttime", "1767225600"),
    at("2026-01-01T00:00:00Z"),
    yes,
  ],
  ["Bool", when("Bool", "aws:securetransport", "true"), { values: { "aws:securetransport": "true" } }, yes],
  [
    "Bool of a truth value",
    when("Bool", "aws:securetransport", true),
    { values: { "aws:securetransport": "true" } },
    yes,
  ],
  [
    "Bool of the other",
    when("Bool", "aws:securetransport", "true"),
    { values: { "aws:securetransport": "false" } },
    no,
  ],
  ["Bool without the key", when("Bool", "aws:securetransport", "false"), {}, no],
  ["BoolIfExists without the key", when("BoolIfExists", "aws:securetransport", "true"), {}, yes],
  ["IpAddress", when("IpAddress", "aws:SourceIp", "10.0.0.0/8"), from("10.200.0.1"), yes],
  ["IpAddress of one", when("IpAddress", "aws:SourceIp", "10.0.0.1"), from("10.0.0.1"), yes],
  ["IpAddress outside", when("IpAddress", "aws:SourceIp", "10.0.0.0/8"), from("11.0.0.1"), no],
  ["IpAddress of several", when("IpAddress", "aws:SourceIp", ["192.168.0.0/16", "10.0.0.0/8"]), from("10.0.0.1"), yes],
  ["IpAddress that came over IPv6", when("IpAddress", "aws:SourceIp", "10.0.0.0/8"), from("::ffff:10.0.0.1"), yes],
  ["IpAddress of version 6", when("IpAddress", "aws:SourceIp", "2001:db8::/32"), from("2001:db8:0:1::1"), yes],
  ["IpAddress of version 6 outside", when("IpAddress", "aws:SourceIp", "2001:db8::/32"), from("2001:db9::1"), no],
  ["IpAddress without the key", when("IpAddress", "aws:SourceIp", "0.0.0.0/0"), {}, no],
  ["NotIpAddress", when("NotIpAddress", "aws:SourceIp", "10.0.0.0/8"), from("11.0.0.1"), yes],
  ["NotIpAddress inside", when("NotIpAddress", "aws:SourceIp", "10.0.0.0/8"), from("10.0.0.1"), no],
  ["ArnEquals", when("ArnEquals", "aws:PrincipalArn", alice), principal, yes],
  ["ArnEquals with a star", when("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::*:user/al*"), principal, yes],
  ["ArnLike", when("ArnLike", "aws:PrincipalArn", `arn:aws:iam::${account}:user/?lice`), principal, yes],
  ["ArnLike over a colon", when("ArnLike", "aws:PrincipalArn", "arn:aws:iam:*:user/alice"), principal, no],
  ["ArnLike of everything", when("ArnLike", "aws:PrincipalArn", "*"), principal, yes],
  ["ArnNotEquals", when("ArnNotEquals", "aws:PrincipalArn", alice), principal, no],
  ["ArnNotLike", when("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:role/*"), principal, yes],
  ["Null of a key that is there", when("Null", "aws:username", "false"), name, yes],
  ["Null of a key that is not", when("Null", "aws:username", "true"), {}, yes],
  ["Null of a key that should not be there", when("Null", "aws:username", "true"), name, no],
];

const sets: readonly Row[] = [
  ["ForAllValues of the same", when("ForAllValues:StringEquals", "aws:TagKeys", ["a", "b"]), tags("a", "b"), yes],
  ["ForAllValues of fewer", when("ForAllValues:StringEquals", "aws:TagKeys", ["a", "b"]), tags("b"), yes],
  ["ForAllValues of more", when("ForAllValues:StringEquals", "aws:TagKeys", ["a", "b"]), tags("a", "c"), no],
  ["ForAllValues of none", when("ForAllValues:StringEquals", "aws:TagKeys", ["a"]), {}, yes],
  ["ForAllValues of a wildcard", when("ForAllValues:StringLike", "aws:TagKeys", "t*"), tags("team", "tier"), yes],
  ["ForAllValues of no such", when("ForAllValues:StringNotEquals", "aws:TagKeys", "a"), tags("b", "c"), yes],
  ["ForAllValues of no such, with one", when("ForAllValues:StringNotEquals", "aws:TagKeys", "a"), tags("b", "a"), no],
  ["ForAnyValue", when("ForAnyValue:StringEquals", "aws:TagKeys", ["a", "b"]), tags("c", "a"), yes],
  ["ForAnyValue of others", when("ForAnyValue:StringEquals", "aws:TagKeys", ["a", "b"]), tags("c"), no],
  ["ForAnyValue of none", when("ForAnyValue:StringEquals", "aws:TagKeys", ["a"]), {}, no],
  ["ForAnyValue of none, negated", when("ForAnyValue:StringNotEquals", "aws:TagKeys", ["a"]), {}, no],
  ["ForAnyValue of a wildcard", when("ForAnyValue:StringLike", "aws:TagKeys", "t*"), tags("a", "tier"), yes],
  ["ForAnyValue of another", when("ForAnyValue:StringNotEquals", "aws:TagKeys", "a"), tags("a", "b"), yes],
  ["several values and no quantifier", when("StringEquals", "aws:TagKeys", "a"), tags("a", "b"), yes],
  ["several values and a negated operator", when("StringNotEquals", "aws:TagKeys", "a"), tags("a", "b"), no],
];

const own = (text: string) => allow({ Resource: `arn:aws:kinesis:us-east-1:${account}:stream/${text}` });
const variables: readonly Row[] = [
  ["a variable in a resource", own("${aws:username}"), { ...name, resource: orders.replace("orders", "alice") }, yes],
  ["another caller's variable", own("${aws:username}"), { ...name, resource: orders.replace("orders", "bob") }, no],
  [
    "a variable before a star",
    own("${aws:username}-*"),
    { ...name, resource: orders.replace("orders", "alice-1") },
    yes,
  ],
  ["a variable without a value", own("${aws:username}"), { resource: orders.replace("orders", "${aws:username}") }, no],
  ["a variable with a default", own("${aws:username, 'orders'}"), {}, yes],
  ["a variable with a default and a value", own("${aws:username, 'orders'}"), name, no],
  ["a variable of several values", own("${aws:TagKeys}"), { ...tags("orders", "b") }, no],
  ["a star as a plain character", own("ord${*}"), {}, no],
  ["a star from a variable", own("${aws:username}"), { values: { "aws:username": "*" } }, no],
  [
    "a variable in a condition",
    when("StringEquals", "aws:ResourceTag/owner", "${aws:username}"),
    { values: { "aws:username": "alice", "aws:resourcetag/owner": "alice" } },
    yes,
  ],
  [
    "a variable in a condition of another",
    when("StringEquals", "aws:ResourceTag/owner", "${aws:username}"),
    { values: { "aws:username": "alice", "aws:resourcetag/owner": "bob" } },
    no,
  ],
  ["a deny by a variable without a value", [allow(), { ...own("${aws:username}"), Effect: "Deny" }], {}, yes],
];

const by = (given: unknown): Json => ({ Effect: "Allow", Action: "kinesis:*", Principal: given });
const not = (given: unknown): Json => ({ Effect: "Allow", Action: "kinesis:*", NotPrincipal: given });
const denyBut = (given: unknown): Json => ({ ...not({ AWS: given }), Effect: "Deny" });
const bob = { account: other, arn: `arn:aws:iam::${other}:user/bob` };
const root = { account, arn: `arn:aws:iam::${account}:root` };
const principals: readonly Row[] = [
  ["everybody", by("*"), bob, yes],
  ["everybody of AWS", by({ AWS: "*" }), bob, yes],
  ["an account by its number", by({ AWS: other }), bob, yes],
  ["an account by its root", by({ AWS: `arn:aws:iam::${other}:root` }), bob, yes],
  ["another account", by({ AWS: account }), bob, no],
  ["a user", by({ AWS: bob.arn }), bob, yes],
  ["another user", by({ AWS: `${bob.arn}by` }), bob, no],
  ["a role of the same name", by({ AWS: bob.arn.replace("user", "role") }), bob, no],
  ["a list with the user", by({ AWS: [alice, bob.arn] }), bob, yes],
  ["a user for the account's root", by({ AWS: alice }), root, no],
  ["an account for its root", by({ AWS: account }), root, yes],
  ["a service", by({ Service: "lambda.amazonaws.com" }), bob, no],
  ["a service and the account", by({ Service: "lambda.amazonaws.com", AWS: other }), bob, yes],
  ["an account by its root in another partition", by({ AWS: `arn:aws-cn:iam::${other}:root` }), bob, yes],
  ["a user of another partition", by({ AWS: bob.arn.replace("aws", "aws-cn") }), bob, no],
  ["a deny of everybody but the user", [by("*"), { ...not({ AWS: bob.arn }), Effect: "Deny" }], bob, yes],
  ["a deny of everybody but another", [by("*"), { ...not({ AWS: alice }), Effect: "Deny" }], bob, denied],
  ["a deny of everybody but the user and its account", [by("*"), denyBut([bob.arn, other])], bob, yes],
  ["a deny of everybody but another user and the account", [by("*"), denyBut([`${bob.arn}by`, other])], bob, denied],
  ["a deny of everybody but the account", [by("*"), denyBut(other)], bob, denied],
  ["a deny of everybody but the account, for its root", [by("*"), denyBut(account)], root, yes],
  ["a deny of the account", [by({ AWS: bob.arn }), { ...by({ AWS: other }), Effect: "Deny" }], bob, denied],
  ["the resource named", { ...by("*"), Resource: orders }, bob, yes],
  ["another resource named", { ...by("*"), Resource: `${orders}2` }, bob, no],
];

const table: readonly (readonly [PolicyKind, readonly Row[]])[] = [
  ["identity", [...statements, ...actions, ...resources, ...strings, ...otherTypes, ...sets, ...variables]],
  ["resource", principals],
];
let caseCount = 0;
for (const [kind, rows] of table) {
  for (const [title, policy, asked, decision] of rows) {
    caseCount += 1;
    test(`evaluatePolicies() of ${kind} statements: ${title} → ${decision}`, () => {
      assert.equal(decide(kind, policy, asked), decision);
    });
  }
}

test("the decision table has at least 120 cases", () => assert(caseCount >= 120, String(caseCount)));

test("evaluatePolicies() of no policy allows nothing", () =>
  assert.equal(evaluatePolicies(requestOf({}), [], enough), "implicit-deny"));

test("evaluatePolicies() takes variables of older policies for plain characters", () => {
  const resource = orders.replace("orders", "${aws:username}");
  assert.equal(decide("identity", own("${aws:username}"), { ...name, resource }, "2008-10-17"), "allow");
});

test("fear: a stored policy allows all principals but one", () => {
  const judge = (...Statement: readonly Json[]) =>
    evaluatePolicies(requestOf(bob), [parsePolicy({ Statement }, "resource").policy], enough);
  assert.equal(judge(not({ AWS: alice })), "implicit-deny");
  assert.equal(judge(not({ AWS: alice }), by({ AWS: other })), "allow");
});

test("evaluatePolicies() takes a statement about the account for nothing where it must name the principal itself", () => {
  const judge = (given: unknown, asked: Asked) => {
    const { policy } = parsePolicy({ Statement: by(given) }, "resource");
    return evaluatePolicies(requestOf(asked), [policy], { mustNameItself: true, ...enough });
  };
  assert.equal(judge({ AWS: account }, {}), "implicit-deny");
  assert.equal(judge({ AWS: alice }, {}), "allow");
  assert.equal(judge("*", {}), "allow");
  assert.equal(judge({ AWS: account }, root), "allow");
});

const anyStatement = fc
  .record({
    Effect: fc.constantFrom("Allow", "Deny"),
    Action: fc.constantFrom("*", "kinesis:*", "kinesis:Put*", "kinesis:GetRecords", "s3:GetObject"),
    Resource: fc.constantFrom("*", orders, `${orders}2`, "arn:aws:kinesis:*:*:stream/o*"),
    Condition: fc.constantFrom(
      undefined,
      { StringEquals: { "aws:username": "alice" } },
      { StringNotEquals: { "aws:username": "alice" } },
      { Null: { "aws:sourceip": "false" } },
    ),
  })
  .map(({ Condition, ...rest }): Json => (Condition === undefined ? rest : { ...rest, Condition }));
const anyPolicies = fc.array(fc.array(anyStatement, { minLength: 1, maxLength: 4 }), { maxLength: 4 });

const deniesIt = fc.constantFrom<Json>(
  deny(),
  deny({ Action: "*", Resource: "*" }),
  deny({ Condition: { StringLike: { "aws:username": "al*" } } }),
  { Effect: "Deny", NotAction: "kinesis:Get*", NotResource: `${orders}2` },
);

test("evaluatePolicies() denies whatever else is allowed, wherever the deny stands", () => {
  const property = fc.property(anyPolicies, deniesIt, fc.nat(), fc.nat(), (policies, denial, policyAt, statementAt) => {
    const all = [...policies, [denial]];
    const target = all[policyAt % all.length] ?? [];
    target.splice(statementAt % (target.length + 1), 0, denial);
    const parsed = all.map(
      (statement) => parsePolicy({ Version: "2012-10-17", Statement: statement }, "identity").policy,
    );
    assert.equal(evaluatePolicies(requestOf(name), parsed, enough), "deny");
  });
  fc.assert(property, { numRuns: 1_000 });
});
test("evaluatePolicies() does not depend on the order of statements, and allows only what a statement allows", () => {
  const property = fc.property(anyPolicies, (policies) => {
    const judge = (lists: typeof policies) =>
      evaluatePolicies(
        requestOf(name),
        lists.map((statement) => parsePolicy({ Statement: statement }, "identity").policy),
        enough,
      );
    const decision = judge(policies);
    assert.equal(judge(policies.toReversed().map((list) => list.toReversed())), decision);
    const alone = policies.flat().map((statement) => judge([[statement]]));
    const expected = alone.includes("deny") ? "deny" : alone.includes("allow") ? "allow" : "implicit-deny";
    assert.equal(decision, expected);
  });
  fc.assert(property, { numRuns: 1_000 });
});

/** As many values as a resource policy of 20 KB has room for. */
function fillPolicy(makeValue: (index: number) => string): readonly string[] {
  const values: string[] = [];
  for (let bytes = 0; bytes < 19_000; bytes += JSON.stringify(values.at(-1)).length + 1)
    values.push(makeValue(values.length));
  return values;
}

const longAgent = { "aws:useragent": "a".repeat(1_024) };
const manyTagKeys = { "aws:tagkeys": Array.from({ length: 50 }, (_, index) => `${index}`.padEnd(128, "a")) };
const costly: readonly (readonly [title: string, condition: Json, values: Values])[] = [
  ["short patterns against a long User-Agent", { StringLike: { "aws:UserAgent": fillPolicy(() => "*ab") } }, longAgent],
  [
    "variables with a long value",
    { StringLike: { "aws:UserAgent": fillPolicy(() => "*${aws:UserAgent}b") } },
    longAgent,
  ],
  [
    "many values of many tag keys",
    { "ForAnyValue:StringLike": { "aws:TagKeys": fillPolicy(() => "*ab") } },
    manyTagKeys,
  ],
  [
    "many texts of many tag keys",
    { "ForAnyValue:StringEquals": { "aws:TagKeys": fillPolicy(() => "b") } },
    manyTagKeys,
  ],
];

for (const [title, Condition, values] of costly) {
  test(`a policy that is made to cost by ${title} is given up, not evaluated for a second`, () => {
    const statement = { Effect: "Deny", Principal: "*", Action: "kinesis:*", Condition };
    assert.throws(() => decide("resource", statement, { values }), EvaluationTooLongError);
  });
}

test("no ordinary policy of 20 KB is given up", () => {
  const arns = fillPolicy((index) => `arn:aws:iam::${account}:user/team/member-${index}`);
  const ofArns = {
    Effect: "Allow",
    Principal: "*",
    Action: "kinesis:*",
    Condition: { ArnLike: { "aws:PrincipalArn": arns } },
  };
  assert.equal(decide("resource", ofArns, { values: { "aws:principalarn": alice } }), no);
  const blocks = fillPolicy((index) => `10.${index % 256}.0.0/16`);
  const ofBlocks = {
    Effect: "Allow",
    Principal: "*",
    Action: "kinesis:*",
    Condition: { IpAddress: { "aws:SourceIp": blocks } },
  };
  assert.equal(decide("resource", ofBlocks, { values: { "aws:sourceip": "192.168.0.1" } }), no);
  const ofActions = { Effect: "Allow", Principal: "*", Action: fillPolicy((index) => `kinesis:Get*Records${index}`) };
  assert.equal(decide("resource", ofActions, {}), no);
});
