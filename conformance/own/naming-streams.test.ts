import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs } from "../support/assert-refused.ts";
import { ok, refused } from "../support/call.ts";
import { account, suiteStream } from "../support/stream-fixture.ts";

/** Every operation that takes a name or an ARN, with whatever else it needs. */
const rows: Readonly<Record<string, object>> = {
  AddTagsToStream: { Tags: { a: "b" } },
  DecreaseStreamRetentionPeriod: { RetentionPeriodHours: 24 },
  DeleteStream: {},
  DescribeStream: {},
  DescribeStreamSummary: {},
  DisableEnhancedMonitoring: { ShardLevelMetrics: ["ALL"] },
  EnableEnhancedMonitoring: { ShardLevelMetrics: ["ALL"] },
  GetShardIterator: { ShardId: "shardId-0", ShardIteratorType: "LATEST" },
  IncreaseStreamRetentionPeriod: { RetentionPeriodHours: 24 },
  ListTagsForStream: {},
  MergeShards: { ShardToMerge: "0", AdjacentShardToMerge: "1" },
  PutRecord: { Data: "", PartitionKey: "a" },
  PutRecords: { Records: [{ Data: "", PartitionKey: "a" }] },
  RemoveTagsFromStream: { TagKeys: ["a"] },
  SplitShard: { ShardToSplit: "0", NewStartingHashKey: "2" },
  StartStreamEncryption: { EncryptionType: "KMS", KeyId: "alias/aws/kinesis" },
  StopStreamEncryption: { EncryptionType: "KMS", KeyId: "alias/aws/kinesis" },
  UpdateShardCount: { TargetShardCount: 1, ScalingType: "UNIFORM_SCALING" },
};

describe("Naming a stream", () => {
  const stream = suiteStream();

  for (const [operation, input] of Object.entries(rows)) {
    test(`${operation} needs a name or an ARN`, async () => {
      assert.deepEqual(await refused(operation, input), {
        status: 400,
        type: "InvalidArgumentException",
        message: "Either StreamName or StreamARN should be provided.",
      });
    });

    test(`${operation} refuses a name and an ARN that disagree, rather than choose`, async () => {
      const both = { ...input, StreamName: "other", StreamARN: stream.arn };
      assert.deepEqual(await refused(operation, both), {
        status: 400,
        type: "InvalidArgumentException",
        message: "StreamARN and StreamName must refer to the same stream.",
      });
    });

    test(`${operation} finds nothing by the ARN of another account or region, whatever is here under the name`, async () => {
      for (const StreamARN of [
        stream.arn.replace(/:\d{12}:/, ":999999999999:"),
        stream.arn.replace(/:kinesis:[^:]+:/, ":kinesis:mars-north-1:"),
      ]) {
        await assertRefusedAs(operation, { ...input, StreamARN }, "ResourceNotFoundException");
      }
    });
  }

  test("the refusal of an ARN tells the account of the ARN", async () => {
    const { message } = await refused("DescribeStream", {
      StreamARN: stream.arn.replace(/:\d{12}:/, ":999999999999:"),
    });
    assert.equal(message, `Stream ${stream.name} under account 999999999999 not found.`);
    assert.notEqual(await account(), "999999999999");
  });

  test("a StreamId is looked at for its form and then ignored", async () => {
    const StreamId = "abcdefghij0123456789-abc";
    await ok("DescribeStream", { StreamName: stream.name, StreamId });
    await assertRefusedAs("DescribeStream", { StreamName: stream.name, StreamId: "x" }, "ValidationException");
    await assertRefusedAs("DescribeStream", { StreamId }, "InvalidArgumentException");
  });

  test("ListShards and ListStreamConsumers take a creation time for that of another stream unless the second fits", async () => {
    const { StreamCreationTimestamp: created } = (await ok("DescribeStream", { StreamName: stream.name }))
      .StreamDescription;
    for (const operation of ["ListShards", "ListStreamConsumers"]) {
      await ok(operation, { StreamARN: stream.arn, StreamCreationTimestamp: created });
      const input = { StreamARN: stream.arn, StreamCreationTimestamp: created - 1 };
      await assertRefusedAs(operation, input, "ResourceNotFoundException");
    }
  });
});
