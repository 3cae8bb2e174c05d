import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { refused } from "../support/call.ts";

/** In the order in which the service was seen to name the members; it is that of none of its documents. */
const rows: readonly (readonly [operation: string, input: object, paths: readonly string[]])[] = [
  ["AddTagsToStream", { StreamName: "!" }, ["tags", "streamName"]],
  ["CreateStream", { StreamName: "!", ShardCount: 0 }, ["shardCount", "streamName"]],
  ["IncreaseStreamRetentionPeriod", { StreamName: "!" }, ["retentionPeriodHours", "streamName"]],
  ["DecreaseStreamRetentionPeriod", { StreamName: "!" }, ["retentionPeriodHours", "streamName"]],
  [
    "DescribeStream",
    { StreamName: "!", ExclusiveStartShardId: "!", Limit: 0 },
    ["limit", "exclusiveStartShardId", "streamName"],
  ],
  ["GetRecords", { ShardIterator: "", Limit: 0 }, ["limit", "shardIterator"]],
  [
    "GetShardIterator",
    { StreamName: "!", StartingSequenceNumber: "!" },
    ["shardId", "shardIteratorType", "startingSequenceNumber", "streamName"],
  ],
  [
    "ListShards",
    { StreamName: "!", NextToken: "", ExclusiveStartShardId: "!", MaxResults: 0 },
    ["maxResults", "exclusiveStartShardId", "streamName", "nextToken"],
  ],
  ["ListStreams", { ExclusiveStartStreamName: "!", Limit: 0 }, ["limit", "exclusiveStartStreamName"]],
  [
    "ListTagsForStream",
    { StreamName: "!", ExclusiveStartTagKey: "", Limit: 0 },
    ["limit", "exclusiveStartTagKey", "streamName"],
  ],
  ["MergeShards", { StreamName: "!" }, ["shardToMerge", "adjacentShardToMerge", "streamName"]],
  [
    "PutRecord",
    { StreamName: "!", PartitionKey: "", ExplicitHashKey: "!", SequenceNumberForOrdering: "!" },
    ["sequenceNumberForOrdering", "partitionKey", "explicitHashKey", "data", "streamName"],
  ],
  [
    "PutRecords",
    { StreamName: "!", Records: [{ PartitionKey: "", ExplicitHashKey: "!" }] },
    ["records.1.member.partitionKey", "records.1.member.explicitHashKey", "records.1.member.data", "streamName"],
  ],
  ["RemoveTagsFromStream", { StreamName: "!" }, ["tagKeys", "streamName"]],
  ["SplitShard", { StreamName: "!", NewStartingHashKey: "!" }, ["newStartingHashKey", "streamName", "shardToSplit"]],
];

describe("The order of violations", () => {
  for (const [operation, input, paths] of rows) {
    test(`${operation} names ${paths.join(", ")} in this order`, async () => {
      const { message = "" } = await refused(operation, input);
      assert.deepEqual(
        Array.from(message.matchAll(/ at '([^']+)'/g), ([, path]) => path),
        paths,
      );
    });
  }

  test("a value's pattern comes before its lower bound", async () => {
    const { message } = await refused("DescribeStreamSummary", { StreamName: "" });
    assert.equal(
      message,
      "2 validation errors detected: Value '' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value '' at 'streamName' failed to satisfy constraint: Member must have length greater than or equal to 1",
    );
  });
});
