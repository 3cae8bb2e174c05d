import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Answer, call, ok, refusalOf } from "./support/call.ts";
import { assertSentence } from "./support/messages.ts";
import { base64, iteratorAt } from "./support/read-shard.ts";
import { policyFor } from "./support/resource-policy.ts";
import {
  account,
  activeStream,
  createStream,
  deleteStream,
  describe as describeStream,
  streamArn,
  untilActive,
  untilGone,
} from "./support/stream-fixture.ts";

type State = "CREATING" | "UPDATING" | "DELETING";

/**
 * What an operation answers: it works; the stream is in use; the stream, its shard, its consumer is not found; the name
 * exists.
 */
type Verdict = "works" | "in-use" | "no-stream" | "no-shard" | "not-found" | "exists";

interface Stage {
  readonly StreamName: string;
  readonly StreamARN: string;
  readonly Policy: string;
  /** An iterator from the time when the stream was ACTIVE. */
  readonly ShardIterator?: string;
  readonly ConsumerARN?: string;
}

interface Row {
  readonly operation: string;
  readonly input: (stage: Stage) => object;
  readonly verdicts: readonly [creating: Verdict, updating: Verdict, deleting: Verdict];
}

const changed = ["in-use", "in-use", "in-use"] as const;
const tagged = ["in-use", "works", "in-use"] as const;
const shown = ["works", "works", "works"] as const;

/** Changes that refuse must not have happened, and those that work must not get in another's way: the order counts. */
const rows: readonly Row[] = [
  { operation: "DescribeStream", input: byName({}), verdicts: shown },
  { operation: "DescribeStreamSummary", input: byName({}), verdicts: shown },
  { operation: "ListTagsForStream", input: byName({}), verdicts: shown },
  { operation: "ListTagsForResource", input: byResource({}), verdicts: shown },
  { operation: "ListShards", input: byName({}), verdicts: tagged },
  { operation: "ListStreamConsumers", input: byArn({}), verdicts: tagged },
  {
    operation: "PutRecord",
    input: byName({ Data: base64("x"), PartitionKey: "a" }),
    verdicts: ["no-stream", "works", "no-stream"],
  },
  {
    operation: "PutRecords",
    input: byName({ Records: [{ Data: base64("x"), PartitionKey: "a" }] }),
    verdicts: ["no-stream", "works", "no-stream"],
  },
  {
    operation: "GetShardIterator",
    input: byName({ ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON" }),
    verdicts: ["no-shard", "works", "works"],
  },
  {
    operation: "SplitShard",
    input: byName({ ShardToSplit: "shardId-000000000000", NewStartingHashKey: "100" }),
    verdicts: changed,
  },
  {
    operation: "MergeShards",
    input: byName({ ShardToMerge: "shardId-000000000000", AdjacentShardToMerge: "shardId-000000000001" }),
    verdicts: changed,
  },
  {
    operation: "UpdateShardCount",
    input: byName({ TargetShardCount: 3, ScalingType: "UNIFORM_SCALING" }),
    verdicts: changed,
  },
  {
    operation: "UpdateStreamMode",
    input: byArn({ StreamModeDetails: { StreamMode: "ON_DEMAND" } }),
    verdicts: changed,
  },
  { operation: "UpdateMaxRecordSize", input: byArn({ MaxRecordSizeInKiB: 2048 }), verdicts: changed },
  {
    operation: "UpdateStreamRecordDistributionStrategy",
    input: byArn({ RecordDistributionStrategy: "USER_PARTITION_KEY" }),
    verdicts: changed,
  },
  {
    operation: "StartStreamEncryption",
    input: byName({ EncryptionType: "KMS", KeyId: "alias/aws/kinesis" }),
    verdicts: changed,
  },
  {
    operation: "StopStreamEncryption",
    input: byName({ EncryptionType: "KMS", KeyId: "alias/aws/kinesis" }),
    verdicts: changed,
  },
  { operation: "IncreaseStreamRetentionPeriod", input: byName({ RetentionPeriodHours: 48 }), verdicts: changed },
  { operation: "DecreaseStreamRetentionPeriod", input: byName({ RetentionPeriodHours: 24 }), verdicts: changed },
  { operation: "EnableEnhancedMonitoring", input: byName({ ShardLevelMetrics: ["ALL"] }), verdicts: changed },
  { operation: "DisableEnhancedMonitoring", input: byName({ ShardLevelMetrics: ["ALL"] }), verdicts: changed },
  { operation: "AddTagsToStream", input: byName({ Tags: { a: "b" } }), verdicts: tagged },
  { operation: "RemoveTagsFromStream", input: byName({ TagKeys: ["a"] }), verdicts: tagged },
  { operation: "TagResource", input: byResource({ Tags: { a: "b" } }), verdicts: tagged },
  { operation: "UntagResource", input: byResource({ TagKeys: ["a"] }), verdicts: tagged },
  {
    operation: "PutResourcePolicy",
    input: (stage) => ({ ResourceARN: stage.StreamARN, Policy: stage.Policy }),
    verdicts: tagged,
  },
  { operation: "GetResourcePolicy", input: byResource({}), verdicts: tagged },
  { operation: "RegisterStreamConsumer", input: byArn({ ConsumerName: "late" }), verdicts: tagged },
  { operation: "CreateStream", input: byName({ ShardCount: 1 }), verdicts: ["exists", "exists", "exists"] },
];

/** These need what only a stream has that was ACTIVE. */
const laterRows: readonly Row[] = [
  {
    operation: "GetRecords",
    input: ({ ShardIterator }) => ({ ShardIterator }),
    verdicts: ["not-found", "works", "works"],
  },
  {
    operation: "DescribeStreamConsumer",
    input: ({ ConsumerARN }) => ({ ConsumerARN }),
    verdicts: ["not-found", "works", "works"],
  },
];

function byName(members: object): Row["input"] {
  return ({ StreamName }) => ({ StreamName, ...members });
}

function byArn(members: object): Row["input"] {
  return ({ StreamARN }) => ({ StreamARN, ...members });
}

function byResource(members: object): Row["input"] {
  return ({ StreamARN }) => ({ ResourceARN: StreamARN, ...members });
}

async function stageOf(StreamName: string): Promise<Stage> {
  const StreamARN = await streamArn(StreamName);
  return { StreamName, StreamARN, Policy: await policyFor(StreamARN) };
}

/** The same, and what can be had while the stream is ACTIVE. */
async function activeStage(): Promise<Stage> {
  const { StreamName, StreamARN } = await activeStream({ shards: 2, pace: "slow" });
  const ShardIterator = await iteratorAt({ StreamName, ShardId: "0" }, "slow");
  const { Consumer } = await ok("RegisterStreamConsumer", { StreamARN, ConsumerName: "early" }, { pace: "slow" });
  return { ...(await stageOf(StreamName)), ShardIterator, ConsumerARN: Consumer.ConsumerARN };
}

/** Asks every row one after the other: a stream stays in a state for a moment only. */
async function askAll(asked: readonly Row[], stage: Stage): Promise<ReadonlyMap<string, Answer>> {
  const answers = new Map<string, Answer>();
  for (const { operation, input } of asked) {
    answers.set(operation, await call(operation, input(stage), { pace: "slow" }));
  }
  return answers;
}

async function assertVerdict(answer: Answer | undefined, verdict: Verdict, stage: Stage, state: State): Promise<void> {
  assert.ok(answer !== undefined);
  if (verdict !== "works") assert.equal(answer.status, 400, answer.text);
  const refusal = refusalOf(answer);
  const values = { stream: stage.StreamName, account: await account(), state, shard: "shardId-000000000000" };
  switch (verdict) {
    case "works":
      return assert.equal(answer.status, 200, answer.text);
    case "in-use":
      return assertSentence(refusal, "stream-not-active", values);
    case "no-stream":
      return assertSentence(refusal, "stream-not-found", values);
    case "no-shard":
      return assertSentence(refusal, "shard-does-not-exist", values);
    case "exists":
      return assertSentence(refusal, "stream-exists", values);
    case "not-found":
      return assert.equal(refusal.type, "ResourceNotFoundException");
  }
}

function testState(state: State, column: 0 | 1 | 2, asked: readonly Row[], reach: () => Promise<Stage>): void {
  describe(`A stream in ${state}`, () => {
    let stage: Stage | undefined;
    let answers: ReadonlyMap<string, Answer> = new Map();
    let stateAfter = "";

    before(async () => {
      stage = await reach();
      answers = await askAll(asked, stage);
      stateAfter = (await describeStream(stage.StreamName, "slow")).StreamStatus;
    });
    after(async () => {
      if (stage !== undefined) await deleteStream(stage.StreamName, "slow");
    });

    test(`stays ${state} while it is asked`, () => {
      assert.equal(stateAfter, state);
    });
    for (const { operation, verdicts } of asked) {
      const verdict = verdicts[column];
      test(`answers ${operation} in ${state} with: ${verdict}`, async () => {
        assert.ok(stage !== undefined);
        await assertVerdict(answers.get(operation), verdict, stage, state);
      });
    }
  });
}

// Each has a stream of its own, and most of the time goes by in waiting.
describe("States of a stream", { concurrency: true }, () => {
  testState("CREATING", 0, rows, async () => stageOf(await createStream({ shards: 2, pace: "slow" })));

  testState("UPDATING", 1, [...rows, ...laterRows], async () => {
    const stage = await activeStage();
    const change = {
      StreamName: stage.StreamName,
      ShardToSplit: "1",
      NewStartingHashKey: (2n ** 127n + 100n).toString(),
    };
    await ok("SplitShard", change, { pace: "slow" });
    return stage;
  });

  testState("DELETING", 2, [...rows, ...laterRows], async () => {
    const stage = await activeStage();
    await ok("DeleteStream", { StreamName: stage.StreamName, EnforceConsumerDeletion: true }, { pace: "slow" });
    return stage;
  });

  test("a new stream is seen at once: CREATING, without shards, with all its defaults", async () => {
    const name = await createStream({ shards: 3, pace: "slow" });
    try {
      const { StreamDescription } = await ok("DescribeStream", { StreamName: name }, { pace: "slow" });
      const { StreamCreationTimestamp, ...rest } = StreamDescription;
      assert.ok(Number.isInteger(StreamCreationTimestamp));
      assert.deepEqual(rest, {
        StreamName: name,
        StreamARN: await streamArn(name),
        StreamStatus: "CREATING",
        StreamModeDetails: { StreamMode: "PROVISIONED" },
        Shards: [],
        HasMoreShards: false,
        RetentionPeriodHours: 24,
        EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
        EncryptionType: "NONE",
      });
      const { StreamDescriptionSummary } = await ok("DescribeStreamSummary", { StreamName: name }, { pace: "slow" });
      assert.equal(StreamDescriptionSummary.OpenShardCount, 0);
    } finally {
      await deleteStream(name, "slow");
    }
  });

  test("a stream may be deleted while it is CREATING, and shows no shards until it is gone", async () => {
    const name = await createStream({ shards: 2, pace: "slow" });
    await ok("DeleteStream", { StreamName: name }, { pace: "slow" });
    const { StreamStatus, Shards } = await describeStream(name, "slow");
    assert.deepEqual([StreamStatus, Shards], ["DELETING", []]);
    const { type } = refusalOf(await call("DeleteStream", { StreamName: name }, { pace: "slow" }));
    assert.match(type, /^(ResourceInUse|ResourceNotFound)Exception$/);
    await untilGone(name, "slow");
  });

  test("a stream that was ACTIVE shows no shards while it is DELETING, though its shards are still read", async () => {
    const stage = await activeStage();
    const { StreamName } = stage;
    await ok("DeleteStream", { StreamName, EnforceConsumerDeletion: true }, { pace: "slow" });
    const { StreamDescription } = await ok("DescribeStream", { StreamName, Limit: 1 }, { pace: "slow" });
    const { StreamStatus, Shards, HasMoreShards } = StreamDescription;
    assert.deepEqual([StreamStatus, Shards, HasMoreShards], ["DELETING", [], false]);
    await ok("GetRecords", { ShardIterator: stage.ShardIterator }, { pace: "slow" });
    await untilGone(StreamName, "slow");
  });

  test("a stream may be deleted while it is UPDATING", async () => {
    const { StreamName } = await activeStream({ pace: "slow" });
    const split = { StreamName, ShardToSplit: "0", NewStartingHashKey: "100" };
    await ok("SplitShard", split, { pace: "slow" });
    await ok("DeleteStream", { StreamName }, { pace: "slow" });
    await untilGone(StreamName, "slow");
  });

  test("a shard takes records until its split is over, and children are not seen before", async () => {
    const { StreamName } = await activeStream({ pace: "slow" });
    try {
      const put = () => ok("PutRecord", { StreamName, Data: "", PartitionKey: "a" }, { pace: "slow" });
      const split = { StreamName, ShardToSplit: "0", NewStartingHashKey: "100" };
      await ok("SplitShard", split, { pace: "slow" });
      const during = await put();
      const { Shards, StreamStatus } = await describeStream(StreamName, "slow");
      assert.equal(StreamStatus, "UPDATING");
      assert.equal(Shards.length, 1);
      assert.equal("EndingSequenceNumber" in (Shards[0]?.SequenceNumberRange ?? {}), false);
      assert.equal(during.ShardId, "shardId-000000000000");
      const described = await untilActive(StreamName, "slow");
      assert.equal(described.Shards.length, 3);
      const end = BigInt(described.Shards[0]?.SequenceNumberRange.EndingSequenceNumber ?? "0");
      assert.ok(BigInt(during.SequenceNumber) < end);
      assert.equal((await put()).ShardId, "shardId-000000000002");
    } finally {
      await deleteStream(StreamName, "slow");
    }
  });
});

describe("States of a consumer", () => {
  test("a consumer that is not ACTIVE takes no policy, and the refusal tells its creation", async () => {
    const { StreamName, StreamARN } = await activeStream({ pace: "slow" });
    try {
      const { Consumer } = await ok("RegisterStreamConsumer", { StreamARN, ConsumerName: "young" }, { pace: "slow" });
      const ResourceARN = Consumer.ConsumerARN;
      const input = { ResourceARN, Policy: await policyFor(ResourceARN) };
      const answer = await call("PutResourcePolicy", input, { pace: "slow" });
      assertSentence(refusalOf(answer), "consumer-not-active", {
        consumer: "young",
        createdSecond: Consumer.ConsumerCreationTimestamp,
        stream: StreamName,
        account: await account(),
      });
      const { Consumers } = await ok("ListStreamConsumers", { StreamARN }, { pace: "slow" });
      assert.deepEqual(
        Consumers.map(({ ConsumerStatus }) => ConsumerStatus),
        ["CREATING"],
      );
    } finally {
      await deleteStream(StreamName, "slow");
    }
  });
});
