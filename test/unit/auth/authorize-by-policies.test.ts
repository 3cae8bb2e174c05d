import assert from "node:assert/strict";
import { test } from "node:test";
import { authorizeByPolicies } from "../../../src/auth/authorize-by-policies.ts";
import type { Credential } from "../../../src/auth/credential.ts";
import { ServiceError } from "../../../src/model/service-error.ts";
import { type OperationName, operationNames } from "../../../src/model/shapes.generated.ts";
import type { InputOf } from "../../../src/records/operation-io.ts";
import type { StreamRegistry } from "../../../src/registry/stream-registry.ts";
import { parsePolicy } from "../../../src/streams/policy/policy-document.ts";
import { ShardIterators } from "../../../src/streams/tokens/shard-iterator.ts";
import { TokenCipher } from "../../../src/streams/tokens/token-cipher.ts";
import { signedMs } from "../../support/signed-request.ts";

const place = { account: "111111111111", region: "us-east-1" };
const orders = "arn:aws:kinesis:us-east-1:111111111111:stream/orders";
const tokens = new TokenCipher({ tokenKey: Buffer.alloc(32, 1), bootId: Buffer.alloc(16, 2) });
const iterators = new ShardIterators(tokens);
const services = {
  // What is there plays no part where no resource has a policy.
  registry: {
    find: () => undefined,
    findQueue: () => undefined,
    findChannel: () => undefined,
  } as unknown as StreamRegistry,
  tokens,
  iterators,
  nowMs: () => signedMs,
};

function inputOf(name: OperationName): object {
  const consumer = { ConsumerARN: `${orders}/consumer/app:1` };
  const resource = { ResourceARN: orders };
  const channel = { ChannelARN: "arn:aws:kinesis:us-east-1:111111111111:channel/c" };
  const queue = {
    QueueARN: orders.replace("stream/orders", "queue/q"),
    StreamConfigurationList: [{ StreamARN: orders }],
  };
  if (name !== "GetRecords") return { ...queue, StreamName: "orders", ...consumer, ...resource, ...channel };
  const where = { ...place, streamName: "orders", streamId: "id", shardIndex: 0 };
  return { ShardIterator: iterators.encode({ createdMs: signedMs, position: 1n, ...where }) };
}

/** The error's type and the resource it names, or `allowed`. */
function ask(name: OperationName, policies: readonly object[] | undefined, further: object = {}): string {
  const credential: Credential = {
    ...{ accessKeyId: "A", secretAccessKey: "s", account: place.account, user: "alice" },
    ...(policies === undefined ? {} : { policies: policies.map((each) => parsePolicy(each, "identity").policy) }),
  };
  const caller = { ...place, accessKeyId: "A", isVerified: true, credential } as const;
  const input = { ...inputOf(name), ...further } as InputOf<OperationName>;
  try {
    authorizeByPolicies({ name, input, caller, headers: {} }, services);
    return "allowed";
  } catch (error) {
    assert(error instanceof ServiceError, String(error));
    return `${error.type} ${/on resource: (\S+)/.exec(error.message)?.[1]}`;
  }
}

const allow = (Action: string, Resource = "*") => ({ Statement: { Effect: "Allow", Action, Resource } });

// CreateQueue and CreateChannel need two actions.
for (const name of operationNames.filter((each) => each !== "CreateQueue" && each !== "CreateChannel")) {
  test(`authorize() lets ${name} pass by its own action only`, () => {
    assert.match(ask(name, []), /^AccessDeniedException (\*|arn:aws:kinesis:us-east-1:111111111111:\S+)$/);
    assert.match(
      ask(name, [allow("kinesis:*"), { Statement: { ...allow(`kinesis:${name}`).Statement, Effect: "Deny" } }]),
      /^AccessDenied/,
    );
    assert.equal(ask(name, [allow(`kinesis:${name}`)]), "allowed");
    assert.equal(ask(name, undefined), "allowed");
  });
}

test("authorize() asks for the resource that the operation works on", () => {
  const resourceOf = (name: OperationName, input = {}) => ask(name, [], input).split(" ")[1];
  assert.equal(resourceOf("PutRecord"), orders);
  assert.equal(resourceOf("GetRecords"), orders);
  assert.equal(resourceOf("CreateStream", { StreamName: "new" }), orders.replace("orders", "new"));
  assert.equal(resourceOf("SubscribeToShard"), `${orders}/consumer/app:1`);
  assert.equal(resourceOf("TagResource"), orders);
  assert.equal(resourceOf("TagResource", { ResourceARN: `${orders}/consumer/app:1` }), `${orders}/consumer/app:1`);
  assert.equal(resourceOf("DescribeChannel"), "arn:aws:kinesis:us-east-1:111111111111:channel/c");
  for (const name of ["ListStreams", "DescribeLimits", "UpdateAccountSettings"] as const) {
    assert.equal(resourceOf(name), "*");
    assert.match(ask(name, [allow(`kinesis:${name}`, orders)]), /^AccessDenied/);
  }
});

test("authorize() asks for CreateQueue on queues, and for AssociateStreamsWithQueue on the stream", () => {
  const queues = "arn:aws:kinesis:us-east-1:111111111111:queue/*";
  const create = allow("kinesis:CreateQueue", queues);
  const associate = allow("kinesis:AssociateStreamsWithQueue", orders);
  assert.equal(ask("CreateQueue", [create, associate]), "allowed");
  assert.equal(ask("CreateQueue", [create]), `AccessDeniedException ${orders}`);
  assert.equal(ask("CreateQueue", [associate]), `AccessDeniedException ${queues}`);
  const tagged = { Tags: { a: "b" } };
  assert.equal(ask("CreateQueue", [create, associate], tagged), `AccessDeniedException ${queues}`);
  assert.equal(ask("CreateQueue", [create, associate, allow("kinesis:TagResource", queues)], tagged), "allowed");
  const foreign = orders.replace("111111111111", "222222222222");
  const StreamConfigurationList = [{ StreamARN: foreign }];
  assert.equal(ask("CreateQueue", [allow("*")], { StreamConfigurationList }), `AccessDeniedException ${foreign}`);
});

test("authorize() asks for CreateChannel and for AssociateStreamsWithChannel on the stream", () => {
  const create = allow("kinesis:CreateChannel", orders);
  const associate = allow("kinesis:AssociateStreamsWithChannel", orders);
  assert.equal(ask("CreateChannel", [create, associate]), "allowed");
  assert.equal(ask("CreateChannel", [create]), `AccessDeniedException ${orders}`);
  assert.equal(ask("CreateChannel", [associate]), `AccessDeniedException ${orders}`);
  const tagged = { Tags: { a: "b" } };
  assert.equal(ask("CreateChannel", [create, associate], tagged), `AccessDeniedException ${orders}`);
  assert.equal(ask("CreateChannel", [create, associate, allow("kinesis:TagResource", orders)], tagged), "allowed");
});

test("authorize() asks for the channel that an operation names, and for all streams to list channels", () => {
  const named = "arn:aws:kinesis:us-east-1:111111111111:channel/c";
  for (const name of ["DescribeChannel", "UpdateChannel", "DeleteChannel"] as const) {
    assert.equal(ask(name, [allow(`kinesis:${name}`, named)]), "allowed");
    assert.equal(ask(name, [allow(`kinesis:${name}`, `${named}x`)]), `AccessDeniedException ${named}`);
  }
  const streams = "arn:aws:kinesis:us-east-1:111111111111:stream/*";
  assert.equal(ask("ListChannels", [allow("kinesis:ListChannels", streams)]), "allowed");
  assert.equal(ask("ListChannels", [allow("kinesis:ListChannels", orders)]), `AccessDeniedException ${streams}`);
  assert.equal(ask("TagResource", [], { ResourceARN: named }), `AccessDeniedException ${named}`);
});

test("authorize() asks for the queue that an operation on records names", () => {
  const queue = "arn:aws:kinesis:us-east-1:111111111111:queue/q";
  for (const name of ["ReceiveQueueRecords", "DeleteQueue", "RestoreDeadLetterQueueRecords"] as const) {
    assert.equal(ask(name, [allow(`kinesis:${name}`, queue)]), "allowed");
    assert.equal(ask(name, [allow(`kinesis:${name}`, `${queue}x`)]), `AccessDeniedException ${queue}`);
  }
  assert.equal(ask("TagResource", [], { ResourceARN: queue }), `AccessDeniedException ${queue}`);
});

test("authorize() lets no caller manage another account's resources, whatever the caller's policies say", () => {
  const foreign = orders.replace("111111111111", "222222222222");
  const members = { StreamARN: foreign, ResourceARN: foreign, ConsumerARN: `${foreign}/consumer/app:1` };
  for (const name of ["DeleteStream", "PutResourcePolicy", "TagResource", "PutRecord", "SubscribeToShard"] as const) {
    const further = name === "DeleteStream" || name === "PutRecord" ? { ...members, StreamName: undefined } : members;
    assert.match(ask(name, [allow("*")], further), /^AccessDeniedException arn:aws:kinesis:us-east-1:222222222222/);
    assert.match(ask(name, undefined, further), /^AccessDeniedException/);
  }
});

test("a stream's policy that takes too long denies, and tells another account no more than that it may not", () => {
  const values = Array.from({ length: 1_500 }, () => "*ab");
  const Condition = { StringLike: { "aws:UserAgent": values } };
  const policy = JSON.stringify({ Statement: { Effect: "Allow", Principal: "*", Action: "kinesis:*", Condition } });
  const stream = { ...place, name: "orders", tags: {}, policy };
  const registry = { find: () => ({ stream }), findQueue: () => undefined } as unknown as StreamRegistry;
  const messageFor = (account: string) => {
    const policies = [parsePolicy({ Version: "2012-10-17", ...allow("kinesis:*") }, "identity").policy];
    const credential = { accessKeyId: "A", secretAccessKey: "s", account, user: "alice", policies };
    const caller = { account, region: place.region, accessKeyId: "A", isVerified: true, credential } as const;
    const headers = { "user-agent": "a".repeat(1_024) };
    const input = inputOf("PutRecord") as InputOf<"PutRecord">;
    const named = account === place.account ? input : { ...input, StreamName: undefined, StreamARN: orders };
    try {
      authorizeByPolicies({ name: "PutRecord", input: named, caller, headers }, { ...services, registry });
      return "allowed";
    } catch (error) {
      return error instanceof ServiceError ? error.message : String(error);
    }
  };
  assert.match(
    messageFor(place.account),
    /because evaluating the policies takes too long to allow the kinesis:PutRecord action$/,
  );
  assert.match(messageFor("222222222222"), /because no resource-based policy allows the kinesis:PutRecord action$/);
});
