import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs, assertStreamNotFound } from "./support/assert-refused.ts";
import { call, ok } from "./support/call.ts";
import { testInput } from "./support/input-shape.ts";
import { namePattern, streamArnPattern } from "./support/patterns.ts";
import { activeQueue, deleteQueuesAndStream, untilQueueActive, untilQueueGone } from "./support/queue-fixture.ts";
import {
  activeStream,
  deleteStream,
  streamArn,
  suiteStream,
  uniqueName,
  withStream,
} from "./support/stream-fixture.ts";

describe("CreateQueue's input", () => {
  const valid = {
    QueueName: "absent",
    StreamConfigurationList: [
      {
        StreamARN: "arn:aws:kinesis:us-east-1:123456789012:stream/absent",
        StartingPosition: { Type: "AT_TIMESTAMP", Timestamp: 1 },
      },
    ],
    QueueAttributes: { DeadLetterConfiguration: { TargetType: "BUILT_IN", MaxReceiveCount: 2 } },
  };

  testInput("CreateQueue", valid, {
    QueueName: { type: "String", required: true, min: 1, max: 128, pattern: namePattern },
    StreamConfigurationList: { type: "List", required: true, min: 1, max: 10000 },
    "StreamConfigurationList[]": { type: "Structure" },
    "StreamConfigurationList[].StreamARN": {
      type: "String",
      required: true,
      min: 1,
      max: 2048,
      pattern: streamArnPattern,
    },
    "StreamConfigurationList[].StartingPosition": { type: "Structure" },
    "StreamConfigurationList[].StartingPosition.Type": {
      type: "String",
      required: true,
      values: ["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"],
    },
    "StreamConfigurationList[].StartingPosition.Timestamp": { type: "Timestamp" },
    QueueAttributes: { type: "Structure" },
    "QueueAttributes.VisibilityTimeoutSeconds": { type: "Integer", min: 0, max: 43200 },
    "QueueAttributes.DeadLetterConfiguration": { type: "Structure" },
    "QueueAttributes.DeadLetterConfiguration.TargetType": {
      type: "String",
      required: true,
      values: ["BUILT_IN", "NONE"],
    },
    "QueueAttributes.DeadLetterConfiguration.MaxReceiveCount": { type: "Integer", min: 1, max: 1000 },
    Tags: { type: "Map", min: 1, max: 200, entry: { min: 0, max: 256 } },
    "Tags.*": { type: "String" },
  });
});

describe("CreateQueue", () => {
  const provisioned = suiteStream();
  test("CreateQueue refuses a stream that does not exist", async () => {
    const absent = uniqueName("absent");
    const input = { QueueName: uniqueName(), StreamConfigurationList: [{ StreamARN: await streamArn(absent) }] };
    await assertStreamNotFound("CreateQueue", input, absent);
  });

  test("CreateQueue refuses a provisioned stream", async () => {
    const input = { QueueName: uniqueName(), StreamConfigurationList: [{ StreamARN: provisioned.arn }] };
    await assertRefusedAs("CreateQueue", input, "ValidationException");
  });

  test("CreateQueue answers with a queue that is CREATING, with what was asked for and the defaults", async () => {
    const stream = await activeStream({ shards: "on-demand" });
    try {
      const { StreamARN } = stream;
      const QueueName = uniqueName("queue");
      const before = Date.now() / 1000;
      const { QueueDescription } = await ok("CreateQueue", { QueueName, StreamConfigurationList: [{ StreamARN }] });
      const { QueueARN, QueueCreationTimestamp: created, ...rest } = QueueDescription;
      assert.match(QueueARN, /^arn:aws:kinesis:[^:]+:\d{12}:queue\/[a-zA-Z0-9-]{1,63}$/);
      assert.ok(Math.abs(created - before) < 60, String(created));
      assert.deepEqual(rest, {
        QueueName,
        QueueStatus: "CREATING",
        StreamConfigurationList: [{ StreamARN, StartingPosition: { Type: "LATEST" } }],
        QueueAttributes: {
          VisibilityTimeoutSeconds: 30,
          DeadLetterConfiguration: { TargetType: "BUILT_IN", MaxReceiveCount: 6 },
        },
      });
      const active = await untilQueueActive(QueueARN);
      const { Type, Timestamp } = active.StreamConfigurationList[0]?.StartingPosition ?? {};
      assert.deepEqual([Type, typeof Timestamp], ["LATEST", "number"]);
      const { StreamDescriptionSummary } = await ok("DescribeStreamSummary", { StreamName: stream.StreamName });
      const { QueueCount, ConsumerCount } = StreamDescriptionSummary;
      assert.deepEqual([QueueCount, ConsumerCount], [1, 0]);
    } finally {
      await deleteQueuesAndStream(stream.StreamName, stream.StreamARN);
    }
  });

  test("CreateQueue takes visibility, dead letters, a start and tags", async () => {
    const queue = await activeQueue({
      extra: {
        QueueAttributes: { VisibilityTimeoutSeconds: 0, DeadLetterConfiguration: { TargetType: "NONE" } },
        Tags: { team: "a" },
      },
    });
    try {
      assert.deepEqual(queue.QueueAttributes, {
        VisibilityTimeoutSeconds: 0,
        DeadLetterConfiguration: { TargetType: "NONE" },
      });
      const { Tags } = await ok("ListTagsForResource", { ResourceARN: queue.QueueARN });
      assert.deepEqual(Tags, [{ Key: "team", Value: "a" }]);
    } finally {
      await deleteQueuesAndStream(queue.StreamName, queue.StreamARN);
    }
  });

  test("CreateQueue refuses a name that the account has, on any stream, until its queue is gone", async () => {
    const queue = await activeQueue();
    await withStream({ shards: "on-demand" }, async ({ StreamName, StreamARN }) => {
      const input = { QueueName: queue.QueueName, StreamConfigurationList: [{ StreamARN }] };
      await assertRefusedAs("CreateQueue", input, "ResourceInUseException");
      await deleteQueuesAndStream(queue.StreamName, queue.StreamARN);
      const again = await ok("CreateQueue", input);
      assert.notEqual(again.QueueDescription.QueueARN, queue.QueueARN);
      await deleteQueuesAndStream(StreamName, StreamARN);
    });
  });

  test("a stream with a queue can neither be deleted nor leave its capacity mode", async () => {
    const { QueueARN, StreamName, StreamARN } = await activeQueue();
    for (const EnforceConsumerDeletion of [false, true]) {
      await assertRefusedAs("DeleteStream", { StreamName, EnforceConsumerDeletion }, "ResourceInUseException");
    }
    const input = { StreamARN, StreamModeDetails: { StreamMode: "PROVISIONED" } };
    await assertRefusedAs("UpdateStreamMode", input, "ValidationException");
    await ok("DeleteQueue", { QueueARN });
    await untilQueueGone(QueueARN);
    assert.equal((await call("DeleteStream", { StreamName })).status, 200);
    await deleteStream(StreamName);
  });
});
