// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables look like placeholders of template strings.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { credentialsReloaded } from "../../../src/telemetry/diagnostic-events.ts";
import { type RawAnswer, RawConnection } from "../../support/raw-connection.ts";
import { signRequest } from "../../support/signed-request.ts";
import { startVerified, type VerifiedServer } from "../../support/verified-server.ts";

const owner = "111111111111";
const partner = "222222222222";
const allowAll = { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "kinesis:*", Resource: "*" } };

const root = { accessKeyId: "ROOT", secretAccessKey: "root", account: owner };
const partnerUser = {
  ...{ accessKeyId: "PARTNER", secretAccessKey: "partner", account: partner, user: "pat" },
  policies: [allowAll],
};
const arnOf = (name: string, account = owner) => `arn:aws:kinesis:us-east-1:${account}:stream/${name}`;
const orders = arnOf("orders");

interface User {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly account: string;
}

interface Rig {
  readonly server: VerifiedServer;
  readonly call: (user: User, name: string, input: object) => Promise<RawAnswer>;
  /** The answer to a call that must be allowed. */
  readonly ok: (user: User, name: string, input: object) => Promise<Readonly<Record<string, unknown>>>;
  readonly refusal: (user: User, name: string, input: object) => Promise<string>;
}

async function rigWith(t: TestContext, ...users: readonly User[]): Promise<Rig> {
  const server = await startVerified([root, partnerUser, ...users]);
  t.after(() => server[Symbol.asyncDispose]());
  const connection = await RawConnection.open(server.port);
  t.after(() => connection.close());
  const call = (user: User, name: string, input: object) =>
    connection.send(signRequest(user, JSON.stringify(input), { target: `Kinesis_20131202.${name}` }));
  const ok: Rig["ok"] = async (user, name, input) => {
    const { status, type, message, json } = await call(user, name, input);
    assert.equal(status, 200, `${name}: ${type} ${message}`);
    return json;
  };
  const refusal: Rig["refusal"] = async (user, name, input) => {
    const { status, type, message } = await call(user, name, input);
    assert.equal(status, 400, `${name} was allowed`);
    return `${type}: ${message}`;
  };
  await ok(root, "CreateStream", { StreamName: "orders", ShardCount: 1 });
  for (let status = ""; status !== "ACTIVE"; ) {
    const { StreamDescriptionSummary } = await ok(root, "DescribeStreamSummary", { StreamName: "orders" });
    status = (StreamDescriptionSummary as { readonly StreamStatus: string }).StreamStatus;
  }
  return { server, call, ok, refusal };
}

function userWith(statements: object | readonly object[], user = "alice"): User {
  const policies = [{ Version: "2012-10-17", Statement: statements }];
  const secretAccessKey = `${user}'s`;
  return { ...{ accessKeyId: user.toUpperCase(), secretAccessKey, account: owner, user }, policies } as User;
}

function denied(user: string, action: string, resource: string, reason: string): string {
  return `AccessDeniedException: User: arn:aws:iam::${user} is not authorized to perform: kinesis:${action} on resource: ${resource} ${reason}`;
}

const put = { PartitionKey: "k", Data: "QQ==" };

test("a user may do what its policies allow and nothing else, in the service's words", async (t) => {
  const alice = userWith([
    { Effect: "Allow", Action: ["kinesis:PutRecord", "kinesis:ListStreams"], Resource: "*" },
    { Effect: "Deny", Action: "kinesis:ListStreams", Resource: "*" },
  ]);
  const { ok, refusal } = await rigWith(t, alice);
  await ok(alice, "PutRecord", { StreamName: "orders", ...put });
  await ok(alice, "PutRecord", { StreamARN: orders, ...put });
  assert.equal(
    await refusal(alice, "PutRecords", { StreamName: "orders", Records: [put] }),
    denied(
      `${owner}:user/alice`,
      "PutRecords",
      orders,
      "because no identity-based policy allows the kinesis:PutRecords action",
    ),
  );
  assert.equal(
    await refusal(alice, "ListStreams", {}),
    denied(`${owner}:user/alice`, "ListStreams", "*", "with an explicit deny in an identity-based policy"),
  );
  // Who may not ask does not learn what is there.
  assert.match(await refusal(alice, "DescribeStream", { StreamName: "gone" }), /^AccessDeniedException/);
  assert.match(await refusal(alice, "DeleteStream", {}), /^InvalidArgumentException/);
});

test("an input is checked before the policies are asked", async (t) => {
  const alice = userWith({ Effect: "Allow", Action: "kinesis:ListStreams", Resource: "*" });
  const { refusal } = await rigWith(t, alice);
  assert.match(await refusal(alice, "PutRecord", { StreamName: "or ders", ...put }), /^ValidationException/);
  assert.match(await refusal(alice, "PutRecord", { StreamName: 7, ...put }), /^SerializationException/);
});

test("making things with tags takes the permission to tag", async (t) => {
  const create = { Effect: "Allow", Action: ["kinesis:CreateStream", "kinesis:RegisterStreamConsumer"], Resource: "*" };
  const [alice, bob] = [userWith(create), userWith([create, { ...create, Action: "kinesis:*Tag*" }], "bob")];
  const { ok, refusal } = await rigWith(t, alice, bob);
  const Tags = { team: "a" };
  await ok(alice, "CreateStream", { StreamName: "plain", ShardCount: 1 });
  assert.match(
    await refusal(alice, "CreateStream", { StreamName: "tagged", ShardCount: 1, Tags }),
    /kinesis:AddTagsToStream on resource/,
  );
  assert.match(
    await refusal(alice, "RegisterStreamConsumer", { StreamARN: orders, ConsumerName: "c", Tags }),
    /kinesis:TagResource on resource/,
  );
  await ok(bob, "CreateStream", { StreamName: "tagged", ShardCount: 1, Tags });
  await ok(bob, "RegisterStreamConsumer", { StreamARN: orders, ConsumerName: "c", Tags });
});

test("GetRecords and a page of ListShards are allowed by the stream that their token names", async (t) => {
  const mayNot = { Effect: "Deny", Action: ["kinesis:GetRecords", "kinesis:ListShards"], Resource: arnOf("secret") };
  const alice = userWith([allowAll.Statement, mayNot]);
  const { ok, refusal } = await rigWith(t, alice);
  await ok(root, "CreateStream", { StreamName: "secret", ShardCount: 2 });
  for (let count = 0; count < 2; ) {
    const { StreamDescription } = await ok(root, "DescribeStream", { StreamName: "secret" });
    count = (StreamDescription as { readonly Shards: readonly unknown[] }).Shards.length;
  }
  const place = { ShardId: "shardId-000000000000", ShardIteratorType: "LATEST" };
  const { ShardIterator } = await ok(root, "GetShardIterator", { StreamName: "secret", ...place });
  assert.match(await refusal(alice, "GetRecords", { ShardIterator }), /^AccessDeniedException.*stream\/secret/);
  assert.match(await refusal(alice, "GetRecords", { ShardIterator: "AAAA" }), /^InvalidArgumentException/);
  const { NextToken } = await ok(root, "ListShards", { StreamName: "secret", MaxResults: 1 });
  assert.match(await refusal(alice, "ListShards", { NextToken }), /^AccessDeniedException.*stream\/secret/);
  await ok(root, "ListShards", { NextToken });
  const own = await ok(alice, "GetShardIterator", { StreamName: "orders", ...place });
  await ok(alice, "GetRecords", own);
});

test("a stream of another account is reached by its ARN where both sides allow it", async (t) => {
  const unlimited = { accessKeyId: "PARTNERROOT", secretAccessKey: "p", account: partner };
  const { ok, refusal } = await rigWith(t, unlimited);
  const byArn = { StreamARN: orders, ...put };
  const noResource = "because no resource-based policy allows the kinesis:PutRecord action";
  const pat = `${partner}:user/pat`;
  assert.equal(await refusal(partnerUser, "PutRecord", byArn), denied(pat, "PutRecord", orders, noResource));
  const gone = arnOf("gone");
  const toGone = { StreamARN: gone, ...put };
  assert.equal(await refusal(partnerUser, "PutRecord", toGone), denied(pat, "PutRecord", gone, noResource));

  const statement = { Effect: "Allow", Principal: { AWS: partner }, Resource: orders };
  const Action = ["kinesis:PutRecord", "kinesis:ListShards", "kinesis:Get*", "kinesis:DeleteStream"];
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [{ ...statement, Action }] });
  await ok(root, "PutResourcePolicy", { ResourceARN: orders, Policy });
  await ok(partnerUser, "PutRecord", byArn);
  const { Shards, NextToken } = await ok(partnerUser, "ListShards", { StreamARN: orders, MaxResults: 1 });
  assert.deepEqual([(Shards as readonly unknown[]).length, NextToken], [1, undefined]);
  const place = { StreamARN: orders, ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON" };
  const { ShardIterator } = await ok(partnerUser, "GetShardIterator", place);
  const { Records } = await ok(partnerUser, "GetRecords", { ShardIterator });
  assert.equal((Records as readonly unknown[]).length, 1);

  // The name alone is one of the own account.
  assert.equal(
    await refusal(partnerUser, "PutRecord", { StreamName: "orders", ...put }),
    `ResourceNotFoundException: Stream orders under account ${partner} not found.`,
  );
  // What a resource policy cannot share, and what the own account does not allow.
  assert.match(
    await refusal(partnerUser, "DeleteStream", { StreamARN: orders }),
    /^AccessDeniedException.*no resource-based policy/,
  );
  assert.match(await refusal(partnerUser, "GetResourcePolicy", { ResourceARN: orders }), /^AccessDeniedException/);
  assert.equal(
    await refusal(unlimited, "PutRecord", byArn),
    denied(
      `${partner}:root`,
      "PutRecord",
      orders,
      "because no identity-based policy allows the kinesis:PutRecord action",
    ),
  );

  await ok(root, "DeleteResourcePolicy", { ResourceARN: orders });
  assert.match(await refusal(partnerUser, "GetRecords", { ShardIterator }), /^AccessDeniedException/);
});

test("a consumer of another account's stream is shared by the policy of the consumer", async (t) => {
  const { ok, refusal } = await rigWith(t);
  const { Consumer } = await ok(root, "RegisterStreamConsumer", { StreamARN: orders, ConsumerName: "app" });
  const { ConsumerARN } = Consumer as { readonly ConsumerARN: string };
  const wanted = { ConsumerARN };
  for (let status = ""; status !== "ACTIVE"; ) {
    const { ConsumerDescription } = await ok(root, "DescribeStreamConsumer", wanted);
    status = (ConsumerDescription as { readonly ConsumerStatus: string }).ConsumerStatus;
  }
  assert.match(
    await refusal(partnerUser, "DescribeStreamConsumer", wanted),
    new RegExp(`on resource: ${ConsumerARN} because`),
  );
  const statement = {
    Effect: "Allow",
    Principal: { AWS: `arn:aws:iam::${partner}:user/pat` },
    Action: "kinesis:Describe*",
  };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: statement });
  await ok(root, "PutResourcePolicy", { ResourceARN: ConsumerARN, Policy });
  await ok(partnerUser, "DescribeStreamConsumer", wanted);
  await ok(partnerUser, "DescribeStreamConsumer", { StreamARN: orders, ConsumerName: "app" });
  assert.match(await refusal(partnerUser, "DescribeStreamSummary", { StreamARN: orders }), /^AccessDeniedException/);
});

test("conditions see the caller, its address, the tags there are and the tags that are asked for", async (t) => {
  const alice = userWith([
    {
      Effect: "Allow",
      Action: "kinesis:AddTagsToStream",
      Resource: "*",
      Condition: {
        "ForAllValues:StringEquals": { "aws:TagKeys": ["owner"] },
        StringEquals: { "aws:RequestTag/owner": "${aws:username}" },
      },
    },
    {
      Effect: "Allow",
      Action: "kinesis:PutRecord",
      Resource: "*",
      Condition: { StringEquals: { "aws:ResourceTag/Owner": "${aws:username}" } },
    },
    {
      Effect: "Allow",
      Action: "kinesis:ListStreams",
      Resource: "*",
      Condition: {
        IpAddress: { "aws:SourceIp": "127.0.0.0/8" },
        Bool: { "aws:SecureTransport": "false" },
        StringEquals: { "aws:RequestedRegion": "us-east-1", "aws:PrincipalAccount": owner },
        DateGreaterThan: { "aws:CurrentTime": "2025-12-31" },
      },
    },
    {
      Effect: "Allow",
      Action: "kinesis:DescribeLimits",
      Resource: "*",
      Condition: { NotIpAddress: { "aws:SourceIp": "127.0.0.0/8" } },
    },
  ]);
  const { ok, refusal } = await rigWith(t, alice);
  const StreamName = "orders";
  await ok(alice, "ListStreams", {});
  assert.match(await refusal(alice, "DescribeLimits", {}), /^AccessDeniedException/);
  assert.match(await refusal(alice, "PutRecord", { StreamName, ...put }), /^AccessDeniedException/);
  assert.match(
    await refusal(alice, "AddTagsToStream", { StreamName, Tags: { owner: "bob" } }),
    /^AccessDeniedException/,
  );
  assert.match(
    await refusal(alice, "AddTagsToStream", { StreamName, Tags: { owner: "alice", team: "x" } }),
    /^AccessDeniedException/,
  );
  await ok(alice, "AddTagsToStream", { StreamName, Tags: { owner: "alice" } });
  await ok(alice, "PutRecord", { StreamName, ...put });
});

test("a policy that locks everybody out can be taken away by the account itself", async (t) => {
  const alice = userWith(allowAll.Statement);
  const { ok, refusal } = await rigWith(t, alice);
  const Policy = JSON.stringify({ Statement: { Effect: "Deny", Principal: "*", Action: "kinesis:*" } });
  await ok(root, "PutResourcePolicy", { ResourceARN: orders, Policy });
  assert.match(
    await refusal(root, "PutRecord", { StreamName: "orders", ...put }),
    /with an explicit deny in a resource-based policy$/,
  );
  assert.match(await refusal(alice, "DeleteResourcePolicy", { ResourceARN: orders }), /explicit deny/);
  await ok(root, "DeleteResourcePolicy", { ResourceARN: orders });
  await ok(alice, "PutRecord", { StreamName: "orders", ...put });
});

test("a policy that could not be enforced is not taken", async (t) => {
  const { refusal } = await rigWith(t);
  const Condition = { StringEqual: { "aws:username": "alice" } };
  const Policy = JSON.stringify({ Statement: { Effect: "Allow", Principal: "*", Action: "kinesis:*", Condition } });
  assert.equal(
    await refusal(root, "PutResourcePolicy", { ResourceARN: orders, Policy }),
    'InvalidArgumentException: The resource policy is invalid: its Statement: "StringEqual" is not a condition operator.',
  );
});

test("a changed credentials file holds from the next request on", async (t) => {
  const { server, ok, refusal } = await rigWith(t);
  await ok(partnerUser, "ListStreams", {});
  const reloaded = Promise.withResolvers<void>();
  t.after(credentialsReloaded.subscribe(() => reloaded.resolve()));
  writeFileSync(server.credentialsPath, JSON.stringify({ credentials: [root] }));
  await reloaded.promise;
  assert.match(await refusal(partnerUser, "ListStreams", {}), /^UnrecognizedClientException/);
  await ok(root, "ListStreams", {});
});

test("a refusal does not tell another account whether a consumer exists, or since when", async (t) => {
  const { ok, refusal } = await rigWith(t);
  const byName = (ConsumerName: string) => ({ StreamARN: orders, ConsumerName });
  const before = await refusal(partnerUser, "DescribeStreamConsumer", byName("app"));
  const { Consumer } = await ok(root, "RegisterStreamConsumer", byName("app"));
  assert.equal(await refusal(partnerUser, "DescribeStreamConsumer", byName("app")), before);
  const { ConsumerARN } = Consumer as { readonly ConsumerARN: string };
  for (let status = ""; status !== "ACTIVE"; ) {
    const { ConsumerDescription } = await ok(root, "DescribeStreamConsumer", { ConsumerARN });
    status = (ConsumerDescription as { readonly ConsumerStatus: string }).ConsumerStatus;
  }
  // A policy that denies everything to every account says no more than the absence of the consumer does.
  const Policy = JSON.stringify({ Statement: { Effect: "Deny", Principal: "*", Action: "kinesis:*" } });
  await ok(root, "PutResourcePolicy", { ResourceARN: ConsumerARN, Policy });
  assert.equal(await refusal(partnerUser, "DescribeStreamConsumer", byName("app")), before);
  const wrongSecond = ConsumerARN.replace(/\d+$/, "1");
  assert.equal(
    (await refusal(partnerUser, "DescribeStreamConsumer", { ConsumerARN })).replace(ConsumerARN, wrongSecond),
    await refusal(partnerUser, "DescribeStreamConsumer", { ConsumerARN: wrongSecond }),
  );
});

test("a queue's policy opens its records to another account, and nothing that manages it", async (t) => {
  const { ok, refusal } = await rigWith(t);
  await ok(root, "CreateStream", { StreamName: "jobs", StreamModeDetails: { StreamMode: "ON_DEMAND" } });
  const input = { QueueName: "work", StreamConfigurationList: [{ StreamARN: arnOf("jobs") }] };
  const create = async () =>
    (await ok(root, "CreateQueue", input))["QueueDescription"] as { readonly QueueARN: string };
  await until(async () => (await statusOf(ok, "DescribeStreamSummary", { StreamName: "jobs" })) === "ACTIVE");
  const { QueueARN } = await create();
  await until(async () => (await statusOf(ok, "DescribeQueue", { QueueARN })) === "ACTIVE");
  const receive = { QueueARN, WaitTimeSeconds: 1 };
  assert.match(
    await refusal(partnerUser, "ReceiveQueueRecords", receive),
    /^AccessDenied.*no resource-based policy allows/,
  );
  const Statement = { Effect: "Allow", Principal: { AWS: partner }, Action: "kinesis:*", Resource: QueueARN };
  await ok(root, "PutResourcePolicy", { ResourceARN: QueueARN, Policy: JSON.stringify({ Statement }) });
  await ok(root, "PutRecord", { StreamName: "jobs", ...put });
  const { QueueRecords } = await ok(partnerUser, "ReceiveQueueRecords", { ...receive, WaitTimeSeconds: 20 });
  const [{ ReceiptHandle }] = QueueRecords as [{ readonly ReceiptHandle: string }];
  const acknowledged = await ok(partnerUser, "AcknowledgeQueueRecords", { QueueARN, Entries: [{ ReceiptHandle }] });
  assert.deepEqual(acknowledged["Failed"], []);
  await ok(partnerUser, "DescribeQueue", { QueueARN });
  assert.match(await refusal(partnerUser, "DeleteQueue", { QueueARN }), /^AccessDenied/);
  assert.match(await refusal(partnerUser, "UpdateQueue", { QueueARN, QueueAttributes: {} }), /^AccessDenied/);
  assert.match(await refusal(partnerUser, "CreateQueue", { ...input, QueueName: "other" }), /^AccessDenied/);
});

/** The status of the one thing that a description is of. */
async function statusOf(ok: Rig["ok"], operation: string, input: object): Promise<string | undefined> {
  const [described] = Object.values(await ok(root, operation, input)) as Readonly<Record<string, string>>[];
  return described?.["StreamStatus"] ?? described?.["QueueStatus"];
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) assert(tries < 2_000, "waited in vain");
}
