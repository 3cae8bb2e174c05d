import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs, assertSays } from "../support/assert-refused.ts";
import { call, ok, refused } from "../support/call.ts";
import { iteratorAt } from "../support/read-shard.ts";
import {
  createStream,
  deleteStream,
  suiteStream,
  uniqueName,
  untilActive,
  withStream,
} from "../support/stream-fixture.ts";

// Choices where no response of the service is published. Each has a row in docs/compatibility.md.
describe("What is our own choice", () => {
  const stream = suiteStream({ shards: 2 });
  const other = suiteStream();
  const onDemand = suiteStream({ shards: "on-demand" });

  test("CreateStream wants a ShardCount with PROVISIONED and none with ON_DEMAND", async () => {
    const StreamName = uniqueName();
    for (const input of [
      { StreamName, StreamModeDetails: { StreamMode: "PROVISIONED" } },
      { StreamName, ShardCount: 1, StreamModeDetails: { StreamMode: "ON_DEMAND" } },
    ]) {
      await assertRefusedAs("CreateStream", input, "InvalidArgumentException");
    }
  });

  test("CreateStream gives AUTO to on-demand streams only", async () => {
    const input = { StreamName: uniqueName(), ShardCount: 1, RecordDistributionStrategy: "AUTO" };
    await assertRefusedAs("CreateStream", input, "InvalidArgumentException");
    const made = { shards: "on-demand", extra: { RecordDistributionStrategy: "AUTO" } } as const;
    await withStream(made, async ({ StreamName }) => {
      const summary = await ok("DescribeStreamSummary", { StreamName });
      assert.equal(summary.StreamDescriptionSummary.RecordDistributionStrategy, "AUTO");
    });
  });

  test("warm throughput needs the account's commitment", async () => {
    const input = { StreamName: onDemand.name, WarmThroughputMiBps: 5 };
    await assertRefusedAs("UpdateStreamWarmThroughput", input, "ValidationException");
    const create = { StreamName: uniqueName(), WarmThroughputMiBps: 5 };
    await assertRefusedAs("CreateStream", create, "ValidationException");
  });

  test("tag keys that begin with aws: are reserved, in any case", async () => {
    for (const key of ["aws:a", "AWS:a"]) {
      const input = { ResourceARN: stream.arn, Tags: { [key]: "" } };
      await assertRefusedAs("TagResource", input, "InvalidArgumentException");
      const add = { StreamName: stream.name, Tags: { [key]: "" } };
      await assertRefusedAs("AddTagsToStream", add, "InvalidArgumentException");
    }
  });

  test("DeleteResourcePolicy says of which resource there is no policy", async () => {
    const { type, message } = await refused("DeleteResourcePolicy", { ResourceARN: stream.arn });
    assert.equal(type, "ResourceNotFoundException");
    assert.equal(message, `No resource policy found for resource ARN ${stream.arn}.`);
  });

  test("a consumer is named by an ARN that can be one, and by members that agree", async () => {
    const malformed = { ConsumerARN: "arn:aws:kinesis:us-east-1:123456789012:x:stream/s/consumer/c:1" };
    const differing = { ConsumerARN: `${stream.arn}/consumer/c:1`, StreamARN: other.arn };
    for (const operation of ["DescribeStreamConsumer", "DeregisterStreamConsumer"]) {
      for (const input of [malformed, differing]) await assertRefusedAs(operation, input, "InvalidArgumentException");
    }
  });

  test("an iterator of AT_TIMESTAMP takes no sequence number", async () => {
    const input = { StreamName: stream.name, ShardId: "0", ShardIteratorType: "AT_TIMESTAMP" };
    const both = { ...input, Timestamp: 1, StartingSequenceNumber: "5" };
    await assertSays("GetShardIterator", both, "iterator-extra-seq", { iteratorType: "AT_TIMESTAMP" });
  });

  test("GetRecords refuses an iterator beside the ARN of another stream", async () => {
    const ShardIterator = await iteratorAt({ StreamName: stream.name, ShardId: "0" });
    await assertRefusedAs("GetRecords", { ShardIterator, StreamARN: other.arn }, "InvalidArgumentException");
  });

  test("a page token stands beside no member that says where to begin", async () => {
    const { NextToken } = await ok("ListStreams", { Limit: 1 });
    await assertRefusedAs("ListStreams", { NextToken, ExclusiveStartStreamName: "a" }, "InvalidArgumentException");
    const shards = await ok("ListShards", { StreamName: stream.name, MaxResults: 1 });
    const input = { NextToken: shards.NextToken, StreamCreationTimestamp: 1 };
    await assertRefusedAs("ListShards", input, "InvalidArgumentException");
    const both = { StreamName: stream.name, ExclusiveStartShardId: "0", ShardFilter: { Type: "AT_LATEST" } };
    await assertRefusedAs("ListShards", both, "InvalidArgumentException");
  });

  test("a token is good for its own operation only", async () => {
    const { NextToken } = await ok("ListStreams", { Limit: 1 });
    await assertRefusedAs("ListShards", { NextToken }, "InvalidArgumentException");
    await assertSays("GetRecords", { ShardIterator: NextToken }, "iterator-invalid");
  });

  test("StopStreamEncryption and UpdateStreamMode accept what is so already and change nothing", async () => {
    await ok("StopStreamEncryption", { StreamName: stream.name, EncryptionType: "KMS", KeyId: "alias/aws/kinesis" });
    await ok("UpdateStreamMode", { StreamARN: stream.arn, StreamModeDetails: { StreamMode: "PROVISIONED" } });
    const { StreamStatus } = (await ok("DescribeStream", { StreamName: stream.name })).StreamDescription;
    assert.equal(StreamStatus, "ACTIVE");
  });

  test("StartStreamEncryption takes a key of any valid form, made when it is first named", async () => {
    const uuid = "12345678-1234-1234-1234-123456789012";
    for (const KeyId of [
      uuid,
      "alias/mine",
      `arn:aws:kms:us-east-1:123456789012:key/${uuid}`,
      "arn:aws:kms:us-east-1:123456789012:alias/mine",
    ]) {
      await ok("StartStreamEncryption", { StreamName: other.name, EncryptionType: "KMS", KeyId });
      assert.equal((await untilActive(other.name)).KeyId, KeyId);
    }
  });

  test("DeleteStream of a stream that is being deleted finds it in use", async () => {
    const StreamName = uniqueName();
    await ok("CreateStream", { StreamName, ShardCount: 1 }, { pace: "slow" });
    await ok("DeleteStream", { StreamName }, { pace: "slow" });
    const { type } = await refused("DeleteStream", { StreamName }, { pace: "slow" });
    assert.equal(type, "ResourceInUseException");
  });

  test("CreateChannel is refused in one clear sentence by a server that knows no buckets", async () => {
    const pace = "limited";
    const stream = await createStream({ shards: "on-demand", pace });
    const { StreamARN } = await untilActive(stream, pace);
    const input = {
      ChannelName: "a",
      ServiceExecutionRoleARN: "arn:aws:iam::123456789012:role/r",
      StreamConfigurationList: [{ StreamARN, RecordConfiguration: { RecordFormatType: "JSON" } }],
      S3DestinationConfiguration: {
        StorageConfiguration: {
          BucketARN: "arn:aws:s3:::bucket",
          ExpectedBucketOwner: "123456789012",
          CompressionType: "NONE",
        },
      },
    };
    const { type, message = "" } = await refused("CreateChannel", input, { pace });
    assert.equal(type, "InvalidArgumentException");
    assert.match(message, /CreateChannel/);
    assert.deepEqual(await ok("ListChannels", {}, { pace }), { ChannelSummaries: [] });
    const limits = await ok("DescribeLimits", {}, { pace });
    assert.deepEqual([limits["ChannelCount"], limits["ChannelCountLimit"]], [0, 0]);
    await deleteStream(stream, pace);
  });

  test("members of an answer come in alphabetical order and numbers without an exponent", async () => {
    const { text } = await call("DescribeStreamSummary", { StreamName: stream.name });
    const names = Object.keys(JSON.parse(text).StreamDescriptionSummary);
    assert.deepEqual(names, names.toSorted());
    assert.doesNotMatch(text, /\dE\d/);
  });
});
