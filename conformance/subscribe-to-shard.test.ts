import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs, assertSays } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { suiteConsumer, untilConsumerActive } from "./support/consumer-fixture.ts";
import { testInput } from "./support/input-shape.ts";
import { consumerArnPattern, namePattern, sequenceNumberPattern, streamIdPattern } from "./support/patterns.ts";
import { base64 } from "./support/read-shard.ts";
import { decodeSequenceNumber } from "./support/sequence-number.ts";
import { suiteStream, untilActive, withStream } from "./support/stream-fixture.ts";
import { type Message, subscribe } from "./support/subscribe.ts";

const shard0 = "shardId-000000000000";
const eventHeaders = (type: string) => [
  [":event-type", type],
  [":content-type", "application/x-amz-json-1.1"],
  [":message-type", "event"],
];

async function next(messages: AsyncIterator<Message, undefined>): Promise<Message> {
  const { value } = await messages.next();
  assert.ok(value !== undefined, "the stream of events has ended");
  return value;
}

describe("SubscribeToShard", () => {
  const stream = suiteStream({ shards: 3 });
  const [refusedOne, holder, reader] = ["refused", "holder", "reader"].map((name) => suiteConsumer(stream, name));
  const absent = "arn:aws:kinesis:us-east-1:123456789012:stream/absent/consumer/a:1";
  const at = (members: object) => ({
    ConsumerARN: refusedOne?.arn,
    ShardId: shard0,
    StartingPosition: { Type: "TRIM_HORIZON" },
    ...members,
  });

  testInput(
    "SubscribeToShard",
    { ConsumerARN: absent, ShardId: "shardId-0", StartingPosition: { Type: "LATEST" } },
    {
      ConsumerARN: { type: "String", required: true, min: 1, max: 2048, pattern: consumerArnPattern },
      StreamId: { type: "String", min: 1, max: 24, pattern: streamIdPattern },
      ShardId: { type: "String", required: true, min: 1, max: 128, pattern: namePattern },
      StartingPosition: { type: "Structure", required: true },
      "StartingPosition.Type": {
        type: "String",
        required: true,
        values: ["AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"],
      },
      "StartingPosition.SequenceNumber": { type: "String", pattern: sequenceNumberPattern },
      "StartingPosition.Timestamp": { type: "Timestamp" },
      DryRun: { type: "Boolean" },
    },
  );

  test("SubscribeToShard refuses an unknown consumer and an unknown shard as an ordinary answer", async () => {
    const ConsumerARN = `${stream.arn}/consumer/absent:1`;
    await assertRefusedAs("SubscribeToShard", at({ ConsumerARN }), "ResourceNotFoundException");
    await assertRefusedAs("SubscribeToShard", at({ ShardId: "shardId-7" }), "ResourceNotFoundException");
    await assertRefusedAs("SubscribeToShard", at({ ShardId: "ABKLFD8" }), "ResourceNotFoundException");
  });

  test("SubscribeToShard has the rules of iterators for its starting position", async () => {
    const from = (StartingPosition: object) => at({ StartingPosition });
    await assertSays("SubscribeToShard", from({ Type: "AT_SEQUENCE_NUMBER" }), "iterator-no-seq", {
      iteratorType: "AT_SEQUENCE_NUMBER",
    });
    await assertSays("SubscribeToShard", from({ Type: "LATEST", SequenceNumber: "5" }), "iterator-extra-seq", {
      iteratorType: "LATEST",
    });
    await assertSays("SubscribeToShard", from({ Type: "AT_TIMESTAMP" }), "iterator-no-timestamp");
  });

  test("SubscribeToShard with DryRun says that it would have worked, before any event", async () => {
    await assertRefusedAs("SubscribeToShard", at({ DryRun: true }), "DryRunOperationException");
  });

  test("SubscribeToShard begins with an initial response and sends records as they come", async () => {
    const put = (text: string) => ok("PutRecord", { StreamName: stream.name, Data: base64(text), PartitionKey: "a" });
    const early = await put("early");
    await using subscription = await subscribe(at({ ConsumerARN: reader?.arn }));
    const { response, messages } = subscription;
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers["content-type"], "application/vnd.amazon.eventstream");
    assert.equal("content-length" in response.headers, false);
    assert.deepEqual(await next(messages), { headers: eventHeaders("initial-response"), payload: {} });

    const seen: string[] = [];
    const wanted = [early.SequenceNumber];
    for (let sent = false; seen.length < 2; ) {
      const { headers, payload } = await next(messages);
      assert.deepEqual(headers, eventHeaders("SubscribeToShardEvent"));
      assert.equal(decodeSequenceNumber(payload.ContinuationSequenceNumber ?? "").shard, 0);
      assert.ok((payload.MillisBehindLatest ?? -1) >= 0);
      for (const record of payload.Records ?? []) {
        assert.deepEqual(Object.keys(record).sort(), [
          "ApproximateArrivalTimestamp",
          "Data",
          "PartitionKey",
          "SequenceNumber",
        ]);
        seen.push(record.SequenceNumber);
      }
      if (!sent && seen.length === 1) {
        sent = true;
        wanted.push((await put("late")).SequenceNumber);
      }
    }
    assert.deepEqual(seen, wanted);
  });

  test("SubscribeToShard refuses a second subscription within five seconds of the first", async () => {
    const input = at({ ConsumerARN: holder?.arn, ShardId: "shardId-000000000001" });
    await using subscription = await subscribe(input);
    await next(subscription.messages);
    await assertSays("SubscribeToShard", input, "consumer-active-subscription", {
      stream: stream.name,
      shard: "shardId-000000000001",
      consumer: "holder",
    });
    await using elsewhere = await subscribe({ ...input, ShardId: "shardId-000000000002" });
    assert.equal(elsewhere.response.statusCode, 200);
  });

  async function readAll(input: object): Promise<{ readonly records: readonly string[]; readonly last?: Message }> {
    await using subscription = await subscribe(input);
    await next(subscription.messages);
    const records: string[] = [];
    for (let last: Message | undefined; ; ) {
      const { value } = await subscription.messages.next();
      if (value === undefined) return { records, ...(last === undefined ? {} : { last }) };
      last = value;
      records.push(...(value.payload.Records ?? []).map(({ Data }) => Data));
    }
  }

  test("SubscribeToShard passes through a shard that a resize split off and merged again", () =>
    withStream({ shards: 4 }, async ({ StreamName, StreamARN }) => {
      const { Consumer } = await ok("RegisterStreamConsumer", { StreamARN, ConsumerName: "through" });
      await untilConsumerActive(Consumer.ConsumerARN);
      await ok("UpdateShardCount", { StreamName, TargetShardCount: 3, ScalingType: "UNIFORM_SCALING" });
      await untilActive(StreamName);
      const { records, last } = await readAll(
        at({ ConsumerARN: Consumer.ConsumerARN, ShardId: "shardId-000000000004" }),
      );
      assert.deepEqual(records, []);
      assert.deepEqual(
        last?.payload.ChildShards?.map(({ ShardId }) => ShardId),
        ["shardId-000000000006"],
      );
    }));

  test("SubscribeToShard ends a closed shard with an event that names its children and no place to go on", () =>
    withStream({}, async ({ StreamName, StreamARN }) => {
      const { Consumer } = await ok("RegisterStreamConsumer", { StreamARN, ConsumerName: "last" });
      await untilConsumerActive(Consumer.ConsumerARN);
      await ok("PutRecord", { StreamName, Data: base64("x"), PartitionKey: "a" });
      await ok("SplitShard", { StreamName, ShardToSplit: "0", NewStartingHashKey: "100" });
      await untilActive(StreamName);
      const { records, last } = await readAll(at({ ConsumerARN: Consumer.ConsumerARN }));
      assert.deepEqual(records, [base64("x")]);
      assert.equal("ContinuationSequenceNumber" in (last?.payload ?? {}), false);
      assert.deepEqual(
        last?.payload.ChildShards?.map(({ ShardId, ParentShards }) => [ShardId, ParentShards]),
        [
          ["shardId-000000000001", [shard0]],
          ["shardId-000000000002", [shard0]],
        ],
      );
    }));
});
