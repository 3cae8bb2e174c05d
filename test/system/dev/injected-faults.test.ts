import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { KinesisClient, ListStreamsCommand } from "@aws-sdk/client-kinesis";
import { base64, type DevServer, startDevServer } from "../../support/dev-server.ts";
import { headersFor } from "../../support/kinesis-call.ts";

interface ErrorBody {
  readonly __type: string;
  readonly message: string;
}

interface PutRecordsBody {
  readonly FailedRecordCount: number;
  readonly Records: readonly (Readonly<Partial<Record<string, string>>> | undefined)[];
}

async function ask(server: DevServer, ...rules: readonly object[]): Promise<void> {
  const { status, body } = await server.dev("PUT", "/dev/faults", rules);
  assert.equal(status, 200, JSON.stringify(body));
}

function put(server: DevServer, texts: readonly string[], StreamName = "orders") {
  const Records = texts.map((text) => ({ PartitionKey: text, Data: base64(text) }));
  return server.kinesis<PutRecordsBody>("PutRecords", { StreamName, Records });
}

async function requestsInFlight(server: DevServer): Promise<number> {
  const metrics = await (await fetch(`${server.endpoint}/metrics`)).text();
  return Number(/requests_in_flight (\d+)/.exec(metrics)?.[1]);
}

const texts = ["a", "b", "c", "d", "e", "f", "g", "h"];

const sentence = "Injected by a rule of /dev/faults: the server has not failed, and the request was not carried out.";

test("a call that a rule fails is answered as the service answers, and stores nothing", async () => {
  await using server = await startDevServer();
  for (const [error, status] of [
    ["ProvisionedThroughputExceededException", 400],
    ["LimitExceededException", 400],
    ["InternalFailure", 500],
  ] as const) {
    await ask(server, { operation: "PutRecords", error });
    assert.deepEqual(await put(server, texts), { status, body: { __type: error, message: sentence } });
  }
  assert.deepEqual(await server.textsOf("orders"), []);
});

const account = "000000000000";
const arn = `arn:aws:kinesis:us-east-1:${account}:stream/orders`;
const shard = "shardId-000000000000";

/** What the service says to whom: an operation, its input, the error, and its sentence. */
const serviceSentences: readonly (readonly [operation: string, input: object, error: string, message: string])[] = [
  [
    "PutRecord",
    { StreamName: "orders", PartitionKey: "a", Data: "" },
    "ProvisionedThroughputExceededException",
    `Rate exceeded for shard ${shard} in stream orders under account ${account}.`,
  ],
  [
    "PutRecords",
    { StreamARN: arn, Records: [{ PartitionKey: "a", Data: "" }] },
    "ProvisionedThroughputExceededException",
    `Rate exceeded for shard ${shard} in stream orders under account ${account}.`,
  ],
  [
    "GetShardIterator",
    { StreamName: "orders", ShardId: "any-7", ShardIteratorType: "LATEST" },
    "ProvisionedThroughputExceededException",
    `Rate exceeded for shard shardId-000000000007 in stream orders under account ${account}.`,
  ],
  [
    "GetShardIterator",
    { StreamName: "orders", ShardId: "0", ShardIteratorType: "LATEST" },
    "ResourceNotFoundException",
    `Shard ${shard} in stream orders under account ${account} does not exist`,
  ],
  [
    "DescribeStream",
    { StreamName: "orders" },
    "LimitExceededException",
    `Rate exceeded for stream orders under account ${account}.`,
  ],
  ["ListStreams", {}, "LimitExceededException", `Rate exceeded for account ${account}.`],
  [
    "CreateStream",
    { StreamName: "new", ShardCount: 1 },
    "ResourceInUseException",
    `Stream new under account ${account} already exists.`,
  ],
  [
    "SplitShard",
    { StreamName: "orders", ShardToSplit: shard, NewStartingHashKey: "9" },
    "ResourceInUseException",
    `Stream orders under account ${account} not ACTIVE, instead in state UPDATING`,
  ],
  [
    "MergeShards",
    { StreamName: "orders", ShardToMerge: shard, AdjacentShardToMerge: shard },
    "ValidationException",
    `Request is invalid. Stream orders under account ${account} is in On-Demand mode.`,
  ],
  [
    "DescribeStreamSummary",
    { StreamARN: arn },
    "ResourceNotFoundException",
    `Stream orders under account ${account} not found.`,
  ],
  [
    "DescribeStreamConsumer",
    { StreamARN: arn, ConsumerName: "reader" },
    "ResourceNotFoundException",
    `Consumer reader, account ${account} not found.`,
  ],
  [
    "SubscribeToShard",
    { ConsumerARN: `${arn}/consumer/reader:1`, ShardId: "0", StartingPosition: { Type: "LATEST" } },
    "ResourceInUseException",
    `Another active subscription exists for this consumer: ${account}:orders:${shard}:reader`,
  ],
  [
    "PutRecord",
    { StreamName: "orders", PartitionKey: "a", Data: "" },
    "AccessDeniedException",
    `User: arn:aws:iam::${account}:root is not authorized to perform: kinesis:PutRecord on resource: ${arn} because no identity-based policy allows the kinesis:PutRecord action`,
  ],
  [
    "PutRecord",
    { StreamName: "orders", PartitionKey: "a", Data: "" },
    "KMSAccessDeniedException",
    `User: arn:aws:iam::${account}:root is not authorized to perform: kms:GenerateDataKey on resource: arn:aws:kms:us-east-1:${account}:alias/aws/kinesis`,
  ],
  ["ListStreams", {}, "ExpiredTokenException", "The security token included in the request is expired"],
  // This call is valid, so the service has no sentence for it.
  ["ListStreams", {}, "ValidationException", sentence],
  ["ListStreams", {}, "ResourceInUseException", sentence],
];

for (const [operation, input, error, message] of serviceSentences) {
  test(`a client that reads the sentence of ${error} gets the service's own from ${operation}: ${message.slice(0, 40)}`, async () => {
    await using server = await startDevServer();
    await ask(server, { operation, error, message: "service" });
    assert.deepEqual(await server.kinesis(operation, input), { status: 400, body: { __type: error, message } });
  });
}

test("an iterator of a read tells the injected throttle, its missing shard and its age apart in the service's words", async () => {
  await using server = await startDevServer();
  const ShardIterator = await server.iteratorAt("orders");
  const told = async (error: string) => {
    await ask(server, { operation: "GetRecords", error, message: "service" });
    const { body } = await server.kinesis<ErrorBody>("GetRecords", { ShardIterator });
    assert.equal(body.__type, error);
    return body.message;
  };
  assert.equal(
    await told("ProvisionedThroughputExceededException"),
    `Rate exceeded for Shard - ${account}/orders/${shard}`,
  );
  assert.equal(
    await told("ResourceNotFoundException"),
    `Shard ${shard} in stream orders under account ${account} does not exist`,
  );
  assert.equal(await told("InvalidArgumentException"), "Invalid ShardIterator.");
  assert.match(
    await told("ExpiredIteratorException"),
    /^Iterator expired\. The iterator was created at time .+ 300000 /,
  );
});

test("a fault of the service has a status of its own and, in the service's words, no message", async () => {
  await using server = await startDevServer();
  for (const [error, status] of [
    ["InternalFailure", 500],
    ["ServiceUnavailable", 503],
  ] as const) {
    await ask(server, { operation: "ListStreams", error });
    assert.deepEqual(await server.kinesis("ListStreams", {}), { status, body: { __type: error, message: sentence } });
    await ask(server, { operation: "ListStreams", error, message: "service" });
    assert.deepEqual(await server.kinesis("ListStreams", {}), { status, body: { __type: error } });
  }
});

test("faults run out after so many times, and the list shows what is left", async () => {
  await using server = await startDevServer();
  const rule = { operation: "ListStreams", error: "LimitExceededException" };
  await ask(server, { ...rule, times: 2 }, { operation: "PutRecord", error: "InternalFailure" });
  const status = async () => (await server.kinesis("ListStreams", {})).status;
  assert.equal(await status(), 400);
  assert.deepEqual(await server.dev("GET", "/dev/faults"), {
    status: 200,
    body: [
      { ...rule, times: 1 },
      { operation: "PutRecord", error: "InternalFailure" },
    ],
  });
  assert.deepEqual([await status(), await status(), await status()], [400, 200, 200]);
  assert.deepEqual(await server.dev("DELETE", "/dev/faults"), { status: 200, body: [] });
  const input = { StreamName: "orders", PartitionKey: "a", Data: base64("a") };
  assert.equal((await server.kinesis("PutRecord", input)).status, 200);
});

test("the retries of the AWS SDK get past faults that run out", async () => {
  await using server = await startDevServer();
  await ask(
    server,
    { operation: "ListStreams", error: "InternalFailure", times: 1 },
    { operation: "ListStreams", error: "ServiceUnavailable", message: "service", times: 1 },
  );
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const client = new KinesisClient({ endpoint: server.endpoint, region: "us-east-1", credentials, maxAttempts: 3 });
  const { StreamNames, $metadata } = await client.send(new ListStreamsCommand({}));
  assert.deepEqual([StreamNames, $metadata.attempts], [["orders"], 3]);
  client.destroy();
});

test("some records of a PutRecords fail, each with its error, while the others are stored in their order", async () => {
  await using server = await startDevServer();
  await ask(server, { operation: "PutRecords", error: "ProvisionedThroughputExceededException", records: 0.5 });
  const { status, body } = await put(server, texts);
  assert.equal(status, 200);
  assert.equal(body.FailedRecordCount, 4);
  const stored: string[] = [];
  for (const [index, record] of body.Records.entries()) {
    if (record?.["ErrorCode"] === undefined) {
      assert.deepEqual(Object.keys(record ?? {}), ["SequenceNumber", "ShardId"]);
      stored.push(texts[index] ?? "");
    } else {
      assert.deepEqual(record, {
        ErrorCode: "ProvisionedThroughputExceededException",
        ErrorMessage: "Rate exceeded for shard shardId-000000000000 in stream orders under account 000000000000.",
      });
    }
  }
  assert.equal(body.Records.length, texts.length);
  assert.equal(stored.length, 4);
  assert.deepEqual(await server.textsOf("orders"), stored);
  const numbers = body.Records.flatMap((record) => record?.["SequenceNumber"] ?? []).map(BigInt);
  assert.deepEqual(
    numbers.toSorted((one, other) => (one < other ? -1 : 1)),
    numbers,
  );
});

test("all records of a PutRecords may fail, and at least one does", async () => {
  await using server = await startDevServer();
  await ask(
    server,
    { operation: "PutRecords", error: "InternalFailure", records: 1, times: 1 },
    { operation: "PutRecords", error: "InternalFailure", records: 0.01, times: 1 },
    { operation: "PutRecords", error: "InternalFailure", records: 0 },
  );
  const failure = { ErrorCode: "InternalFailure", ErrorMessage: "Internal Service Failure" };
  assert.deepEqual((await put(server, texts)).body, { FailedRecordCount: 8, Records: texts.map(() => failure) });
  assert.deepEqual(await server.textsOf("orders"), []);
  assert.equal((await put(server, texts)).body.FailedRecordCount, 1);
  assert.equal((await put(server, texts)).body.FailedRecordCount, 0);
});

test("a request that would be refused is refused, whatever share of its records is to fail", async () => {
  await using server = await startDevServer();
  await ask(server, { operation: "PutRecords", error: "InternalFailure", records: 1 });
  const refusal = async (input: object) => (await server.kinesis<ErrorBody>("PutRecords", input)).body;
  const Records = [{ PartitionKey: "a", Data: "" }];
  assert.equal((await refusal({ StreamName: "nowhere", Records })).__type, "ResourceNotFoundException");
  assert.equal((await refusal({ StreamName: "orders", Records: [] })).__type, "ValidationException");
  const large = { PartitionKey: "a", Data: base64("x".repeat(1024 * 1024)) };
  assert.match(
    (await refusal({ StreamName: "orders", Records: [...Records, large] })).message,
    /'records\.2\.member\.data'/,
  );
});

test("a rule with a stream strikes calls that name it, by name, by ARN or by iterator", async () => {
  await using server = await startDevServer({ stream: ["orders:1", "bills:1"] });
  const error = "InternalFailure";
  const operations = ["PutRecords", "GetRecords", "DescribeStreamSummary", "ListStreams"];
  const iterators = { orders: await server.iteratorAt("orders"), bills: await server.iteratorAt("bills") };
  await ask(server, ...operations.map((operation) => ({ operation, error, stream: "bills" })));
  const arnOf = (name: string) => `arn:aws:kinesis:us-east-1:${account}:stream/${name}`;
  for (const [name, status] of [
    ["orders", 200],
    ["bills", 500],
  ] as const) {
    assert.equal((await put(server, ["a"], name)).status, status);
    assert.equal((await server.kinesis("GetRecords", { ShardIterator: iterators[name] })).status, status);
    assert.equal((await server.kinesis("DescribeStreamSummary", { StreamARN: arnOf(name) })).status, status);
  }
  assert.equal((await server.kinesis("ListStreams", {})).status, 200);
  assert.equal((await server.kinesis<ErrorBody>("GetRecords", { ShardIterator: "x" })).status, 400);
});

test("a share of the calls fails, and the first rule that strikes is the one", async () => {
  await using server = await startDevServer();
  await ask(
    server,
    { operation: "ListStreams", error: "InternalFailure", share: 0 },
    { operation: "ListStreams", error: "LimitExceededException", share: 0.5 },
  );
  const types = new Set<string>();
  // That a fair coin falls the same way 64 times will not be seen.
  for (let calls = 0; calls < 64 && types.size < 2; calls++) {
    types.add((await server.kinesis<Partial<ErrorBody>>("ListStreams", {})).body.__type ?? "ok");
  }
  assert.deepEqual([...types].sort(), ["LimitExceededException", "ok"]);
});

test("a delayed call is answered later, or when the clock passes its time", async () => {
  await using server = await startDevServer();
  await ask(
    server,
    { operation: "ListStreams", delayMs: 30, times: 1 },
    { operation: "ListStreams", delayMs: 300_000 },
  );
  const startMs = performance.now();
  assert.equal((await server.kinesis("ListStreams", {})).status, 200);
  assert.ok(performance.now() - startMs >= 29);

  const delayed = server.kinesis("ListStreams", {});
  for (let isOver = false; !isOver; ) {
    await server.advance(300_000);
    isOver = await Promise.race([delayed.then(() => true), server.statusOf("orders").then(() => false)]);
  }
  assert.equal((await delayed).status, 200);
});

test("a delayed call whose client leaves is not carried out", async () => {
  await using server = await startDevServer();
  await ask(server, { operation: "PutRecords", delayMs: 300_000, times: 1 });
  const gone = new AbortController();
  const body = JSON.stringify({ StreamName: "orders", Records: [{ PartitionKey: "a", Data: "" }] });
  const call = fetch(server.endpoint, { method: "POST", headers: headersFor("PutRecords"), body, signal: gone.signal });
  while ((await server.dev<readonly object[]>("GET", "/dev/faults")).body.length > 0) await pause(1);
  gone.abort();
  await assert.rejects(call, { name: "AbortError" });
  // The request for the metrics is one itself.
  while ((await requestsInFlight(server)) > 1) await pause(1);
  await server.advance(300_000);
  assert.deepEqual(await server.textsOf("orders"), []);
});

test("fear: a misspelt dev endpoint gets an error of the API, which says nothing of what exists", async () => {
  await using server = await startDevServer();
  for (const [method, path, body] of [
    ["GET", "/dev/fault", undefined],
    ["PUT", "/dev/clocks", []],
  ] as const) {
    const problem = `There is no ${path}; the endpoints of --dev are /dev/clock and /dev/faults.`;
    assert.deepEqual(await server.dev(method, path, body), { status: 404, body: { problem } });
  }
});

test("rules that are no good are refused with one sentence and change nothing", async () => {
  await using server = await startDevServer();
  const rule = { operation: "ListStreams", error: "InternalFailure", share: 0 };
  await ask(server, rule);
  const refused = await server.dev("PUT", "/dev/faults", [rule, { ...rule, share: 2 }]);
  assert.deepEqual(refused, { status: 400, body: { problem: 'Rule 2: "share" must be a number from 0 to 1.' } });
  assert.equal((await server.dev("PUT", "/dev/faults")).status, 400);
  assert.equal((await server.dev("POST", "/dev/faults", [])).status, 405);
  assert.deepEqual((await server.dev("GET", "/dev/faults")).body, [rule]);
});
