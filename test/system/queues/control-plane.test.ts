/** The control plane of queues through the whole pipeline, with a clock that moves when the test says so. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import { awsLimits, type LimitsTable } from "../../../src/limits/limits-table.ts";
import { RateLimits } from "../../../src/limits/rate-limits.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";
import { TestServer } from "../../support/test-server.ts";

interface Queue {
  readonly QueueName: string;
  readonly QueueARN: string;
  readonly QueueStatus: string;
}

interface Listed {
  readonly QueueSummaries: readonly Queue[];
  readonly NextToken?: string;
}

const onDemand = { StreamModeDetails: { StreamMode: "ON_DEMAND" } };

class Rig {
  readonly server: TestServer;
  readonly clock: SimulatedClock;

  private constructor(server: TestServer, clock: SimulatedClock) {
    this.server = server;
    this.clock = clock;
  }

  static async open(t: TestContext, transitionDelayMs = 0, table?: Partial<LimitsTable>): Promise<Rig> {
    const clock = new SimulatedClock();
    const engine = new MemoryEngine({ clock, memoryBudgetBytes: 2 ** 26 });
    await engine.open();
    // Rates of calls are tested elsewhere.
    const limits = table && { limits: new RateLimits({ ...awsLimits, callsPerSecond: {}, ...table }, clock) };
    const server = await TestServer.open({ engine, clock, transitionDelayMs, ...limits });
    t.after(async () => {
      await server.close();
      await engine.close();
    });
    return new Rig(server, clock);
  }

  ok<Output>(operation: string, input: object): Promise<Output> {
    return this.server.expectOk<Output>(operation, input);
  }

  /** `ok`, or the type of the error. */
  async outcome(operation: string, input: object): Promise<string> {
    const result = await this.server.call(operation, input);
    return result.ok ? "ok" : result.type;
  }

  /** The ARN of a new on-demand stream that is ACTIVE. */
  async stream(StreamName: string): Promise<string> {
    await this.ok("CreateStream", { StreamName, ...onDemand });
    await this.settle();
    const { StreamDescriptionSummary } = await this.ok<{
      readonly StreamDescriptionSummary: { readonly StreamARN: string };
    }>("DescribeStreamSummary", { StreamName });
    return StreamDescriptionSummary.StreamARN;
  }

  async create(QueueName: string, StreamARN: string): Promise<Queue> {
    const input = { QueueName, StreamConfigurationList: [{ StreamARN }] };
    return (await this.ok<{ readonly QueueDescription: Queue }>("CreateQueue", input)).QueueDescription;
  }

  async status(QueueARN: string): Promise<string> {
    const result = await this.server.call<{ readonly QueueDescription: Queue }>("DescribeQueue", { QueueARN });
    return result.ok ? result.output.QueueDescription.QueueStatus : result.type;
  }

  /** All transitions that are due, and those of the next minute. */
  async settle(): Promise<void> {
    await this.clock.advance(60_000);
    await this.server.untilIdle();
  }
}

test("each state lets through what compatibility.md says, and lasts as long as the transition delay", async (t) => {
  const rig = await Rig.open(t, 1_000);
  const StreamARN = await rig.stream("orders");
  const { QueueARN } = await rig.create("work", StreamARN);
  const Entries = [{ ReceiptHandle: "a" }];
  const QueueAttributes = { VisibilityTimeoutSeconds: 5 };
  const outcomes = async () => {
    const found: string[] = [await rig.status(QueueARN)];
    found.push(await rig.outcome("AcknowledgeQueueRecords", { QueueARN, Entries }));
    found.push(await rig.outcome("RestoreDeadLetterQueueRecords", { QueueARN, Entries }));
    found.push(await rig.outcome("ListTagsForResource", { ResourceARN: QueueARN }));
    found.push(await rig.outcome("UpdateQueue", { QueueARN, QueueAttributes }));
    return found;
  };
  const [absent, inUse] = ["ResourceNotFoundException", "ResourceInUseException"];
  assert.deepEqual(await outcomes(), ["CREATING", absent, absent, "ok", inUse]);
  await rig.clock.advance(999);
  assert.equal(await rig.status(QueueARN), "CREATING");
  await rig.clock.advance(1);
  await rig.server.untilIdle();
  assert.deepEqual(await outcomes(), ["ACTIVE", "ok", "ok", "ok", "ok"]);
  assert.deepEqual(await outcomes(), ["UPDATING", "ok", "ok", "ok", inUse]);
  await rig.ok("DeleteQueue", { QueueARN });
  assert.deepEqual(await outcomes(), ["DELETING", absent, absent, "ok", inUse]);
  await rig.ok("DeleteQueue", { QueueARN });
  await rig.settle();
  assert.equal(await rig.status(QueueARN), absent);
});

test("a queue that is deleted before it was ACTIVE goes, and its name is free", async (t) => {
  const rig = await Rig.open(t, 1_000);
  const StreamARN = await rig.stream("orders");
  const { QueueARN } = await rig.create("work", StreamARN);
  await rig.ok("DeleteQueue", { QueueARN });
  const again = { QueueName: "work", StreamConfigurationList: [{ StreamARN }] };
  assert.equal(await rig.outcome("CreateQueue", again), "ResourceInUseException");
  await rig.settle();
  assert.equal(await rig.status(QueueARN), "ResourceNotFoundException");
  assert.notEqual((await rig.create("work", StreamARN)).QueueARN, QueueARN);
});

test("a restart in any state goes on where it was", async (t) => {
  const rig = await Rig.open(t, 1_000);
  const StreamARN = await rig.stream("orders");
  const { QueueARN } = await rig.create("work", StreamARN);
  const steps = [
    ["CREATING", () => Promise.resolve()],
    ["UPDATING", () => rig.ok("UpdateQueue", { QueueARN, QueueAttributes: { VisibilityTimeoutSeconds: 7 } })],
    ["DELETING", () => rig.ok("DeleteQueue", { QueueARN })],
  ] as const;
  for (const [status, begin] of steps) {
    await begin();
    assert.equal(await rig.status(QueueARN), status);
    await rig.server.restart();
    assert.equal(await rig.status(QueueARN), status);
    await rig.settle();
    assert.equal(await rig.status(QueueARN), status === "DELETING" ? "ResourceNotFoundException" : "ACTIVE");
  }
  assert.equal(await rig.outcome("DeleteStream", { StreamName: "orders" }), "ok");
});

test("two calls at once with one name make one queue", async (t) => {
  const rig = await Rig.open(t);
  const streams = [await rig.stream("orders"), await rig.stream("clicks")];
  const calls = [...streams, ...streams].map((StreamARN) =>
    rig.outcome("CreateQueue", { QueueName: "work", StreamConfigurationList: [{ StreamARN }] }),
  );
  assert.deepEqual((await Promise.all(calls)).toSorted(), [
    "ResourceInUseException",
    "ResourceInUseException",
    "ResourceInUseException",
    "ok",
  ]);
  await rig.settle();
  assert.equal((await rig.ok<Listed>("ListQueues", {})).QueueSummaries.length, 1);
});

test("what CreateQueue refuses reserves no name", async (t) => {
  const rig = await Rig.open(t, 0, { consumerCountMax: 1 });
  const StreamARN = await rig.stream("orders");
  const other = await rig.stream("clicks");
  await rig.create("first", StreamARN);
  await rig.settle();
  const input = { QueueName: "work", StreamConfigurationList: [{ StreamARN }] };
  assert.equal(await rig.outcome("CreateQueue", input), "LimitExceededException");
  await rig.create("work", other);
});

test("queues and consumers of a stream share its quota of 20, and five queues may be changing", async (t) => {
  const rig = await Rig.open(t, 1_000, {});
  const StreamARN = await rig.stream("orders");
  const other = await rig.stream("clicks");
  for (let i = 0; i < 15; i += 5) {
    for (let more = i; more < i + 5; more++) await rig.create(`queue-${more}`, StreamARN);
    const sixth = { QueueName: "sixth", StreamConfigurationList: [{ StreamARN: other }] };
    assert.equal(await rig.outcome("CreateQueue", sixth), "LimitExceededException");
    await rig.settle();
  }
  for (let i = 0; i < 5; i++) await rig.ok("RegisterStreamConsumer", { StreamARN, ConsumerName: `consumer-${i}` });
  await rig.settle();
  const queue = { QueueName: "one-more", StreamConfigurationList: [{ StreamARN }] };
  assert.equal(await rig.outcome("CreateQueue", queue), "LimitExceededException");
  const consumer = { StreamARN, ConsumerName: "one-more" };
  assert.equal(await rig.outcome("RegisterStreamConsumer", consumer), "LimitExceededException");
  await rig.create("one-more", other);
});

test("a page token stands for the filter of its list, which may be repeated beside it and not changed", async (t) => {
  const rig = await Rig.open(t);
  const StreamARN = await rig.stream("orders");
  const other = await rig.stream("clicks");
  for (const name of ["c", "a", "b"]) await rig.create(name, StreamARN);
  await rig.create("aa", other);
  await rig.settle();
  const list = (input: object) => rig.ok<Listed>("ListQueues", input);
  const names = ({ QueueSummaries }: Listed) => QueueSummaries.map(({ QueueName }) => QueueName);
  assert.deepEqual(names(await list({})), ["a", "aa", "b", "c"]);
  const StreamFilter = [{ StreamARN }];
  const first = await list({ StreamFilter, MaxResults: 1 });
  const { NextToken } = first;
  assert.deepEqual(names(first), ["a"]);
  assert.deepEqual(names(await list({ NextToken })), ["b", "c"]);
  assert.deepEqual(names(await list({ NextToken, StreamFilter })), ["b", "c"]);
  const changed = { NextToken, StreamFilter: [{ StreamARN: other }] };
  assert.equal(await rig.outcome("ListQueues", changed), "InvalidArgumentException");
  const many = [...Array.from({ length: 200 }, (_, i) => ({ StreamARN: `${StreamARN}-${i}` })), { StreamARN }];
  const long = await list({ StreamFilter: many, MaxResults: 2 });
  assert.deepEqual(names(await list({ NextToken: long.NextToken, StreamFilter: many })), ["c"]);
  assert.equal(await rig.outcome("ListQueues", { NextToken: long.NextToken }), "InvalidArgumentException");
  await rig.clock.advance(301_000);
  assert.equal(await rig.outcome("ListQueues", { NextToken }), "ExpiredNextTokenException");
});

test("an ARN of another account or region is no queue, whatever its id", async (t) => {
  const rig = await Rig.open(t);
  const { QueueARN } = await rig.create("work", await rig.stream("orders"));
  await rig.settle();
  assert.equal(await rig.status(QueueARN), "ACTIVE");
  for (const foreign of [
    QueueARN.replace("eu-west-1", "us-east-1"),
    QueueARN.replace("123456789012", "210987654321"),
  ]) {
    assert.notEqual(foreign, QueueARN);
    assert.equal(await rig.status(foreign), "ResourceNotFoundException");
    assert.equal(
      await rig.outcome("TagResource", { ResourceARN: foreign, Tags: { a: "" } }),
      "ResourceNotFoundException",
    );
  }
});

test("a queue has a policy and tags of its own, which go with it", async (t) => {
  const rig = await Rig.open(t);
  const StreamARN = await rig.stream("orders");
  const { QueueARN } = await rig.create("work", StreamARN);
  await rig.settle();
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Principal: "*", Action: "kinesis:ReceiveQueueRecords", Resource: QueueARN },
  });
  const policyOf = async (ResourceARN: string) =>
    (await rig.ok<{ readonly Policy: string }>("GetResourcePolicy", { ResourceARN })).Policy;
  await rig.ok("PutResourcePolicy", { ResourceARN: QueueARN, Policy });
  await rig.ok("TagResource", { ResourceARN: QueueARN, Tags: { a: "1", b: "2" } });
  await rig.ok("UntagResource", { ResourceARN: QueueARN, TagKeys: ["a"] });
  await rig.server.restart();
  assert.deepEqual([await policyOf(QueueARN), await policyOf(StreamARN)], [Policy, "{}"]);
  const { Tags } = await rig.ok<{ readonly Tags: unknown }>("ListTagsForResource", { ResourceARN: QueueARN });
  assert.deepEqual(Tags, [{ Key: "b", Value: "2" }]);
  await rig.ok("DeleteResourcePolicy", { ResourceARN: QueueARN });
  assert.equal(await policyOf(QueueARN), "{}");
});
