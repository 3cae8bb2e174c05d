import assert from "node:assert/strict";
import { test } from "node:test";
import { inputShapes } from "../../../src/model/constraints.generated.ts";
import { ServiceError } from "../../../src/model/service-error.ts";
import type { StructureShape } from "../../../src/model/shape.ts";
import type { OperationName } from "../../../src/model/shapes.generated.ts";
import { type BoundStructure, type BoundValue, validate } from "../../../src/model/validate.ts";

const NAME = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+";
const HASH_KEY = "Member must satisfy regular expression pattern: 0|([1-9]\\d{0,38})";
const SEQUENCE_NUMBER = "Member must satisfy regular expression pattern: 0|([1-9]\\d{0,128})";
const STREAM_ARN = "Member must satisfy regular expression pattern: arn:aws.*:kinesis:.*:\\d{12}:stream/\\S+";
const CONSUMER_ARN =
  "Member must satisfy regular expression pattern: ^(arn):aws.*:kinesis:.*:\\d{12}:.*stream\\/[a-zA-Z0-9_.-]+\\/consumer\\/[a-zA-Z0-9_.-]+:[0-9]+";
const ITERATOR_TYPES =
  "Member must satisfy enum value set: [AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON]";
const METRICS =
  "Member must satisfy enum value set: [IncomingBytes, IncomingRecords, OutgoingBytes, OutgoingRecords, WriteProvisionedThroughputExceeded, ReadProvisionedThroughputExceeded, IteratorAgeMilliseconds, ALL]";
const NOT_NULL = "Member must not be null";
const TAG_KEY_RULES =
  "[Member must have length less than or equal to 128, Member must have length greater than or equal to 1]";
const TAG_VALUE_RULES =
  "[Member must have length less than or equal to 256, Member must have length greater than or equal to 0]";

function atLeast(count: number): string {
  return `Member must have length greater than or equal to ${count}`;
}
function atMost(count: number): string {
  return `Member must have length less than or equal to ${count}`;
}
function valueAtLeast(bound: number): string {
  return `Member must have value greater than or equal to ${bound}`;
}
function valueAtMost(bound: number): string {
  return `Member must have value less than or equal to ${bound}`;
}
/** `[printed value, path, rule]`; an empty printed value is left out. */
type Violation = readonly [printed: string, path: string, rule: string];

function sentenceOf([printed, path, rule]: Violation): string {
  return `Value ${printed === "" ? "" : `${printed} `}at '${path}' failed to satisfy constraint: ${rule}`;
}

function refused(name: OperationName, input: BoundStructure): ServiceError | undefined {
  try {
    const shape: StructureShape = inputShapes[name];
    validate(shape, input);
  } catch (error) {
    assert.ok(error instanceof ServiceError);
    return error;
  }
  return undefined;
}

const long = (length: number): string => "a".repeat(length);
const blob = (length: number): Uint8Array => new Uint8Array(length);
const record = (members: BoundStructure = {}): BoundStructure => ({ Data: blob(1), PartitionKey: "k", ...members });

const table: readonly [title: string, name: OperationName, input: BoundStructure, violations: readonly Violation[]][] =
  [
    ["a missing tag map", "AddTagsToStream", { StreamName: "abc" }, [["null", "tags", NOT_NULL]]],
    [
      "tags before the name, pattern before minimum",
      "AddTagsToStream",
      { StreamName: "", Tags: {} },
      [
        ["'{}'", "tags", atLeast(1)],
        ["''", "streamName", NAME],
        ["''", "streamName", atLeast(1)],
      ],
    ],
    [
      "tag keys and values on the map itself",
      "AddTagsToStream",
      { StreamName: "abc", Tags: { [long(129)]: long(257), b: "c" } },
      [
        [`'{${long(129)}=${long(257)}, b=c}'`, "tags", `Map keys must satisfy constraint: ${TAG_KEY_RULES}`],
        [`'{${long(129)}=${long(257)}, b=c}'`, "tags", `Map value must satisfy constraint: ${TAG_VALUE_RULES}`],
      ],
    ],
    [
      "an empty tag key and a null value",
      "TagResource",
      { ResourceARN: "arn:aws:kinesis:us-east-1:000000000000:stream/a", Tags: { "": "a", b: null } },
      [
        ["'{=a, b=null}'", "tags", `Map keys must satisfy constraint: ${TAG_KEY_RULES}`],
        ["'{=a, b=null}'", "tags", `Map value must satisfy constraint: ${TAG_VALUE_RULES}`],
      ],
    ],
    [
      "a shard count below and a name too long",
      "CreateStream",
      { StreamName: long(129), ShardCount: 0 },
      [
        ["'0'", "shardCount", valueAtLeast(1)],
        [`'${long(129)}'`, "streamName", atMost(128)],
      ],
    ],
    [
      "a shard count above",
      "CreateStream",
      { StreamName: "a", ShardCount: 100_001 },
      [["'100001'", "shardCount", valueAtMost(100_000)]],
    ],
    [
      "a member of a nested structure",
      "CreateStream",
      { StreamName: "a", StreamModeDetails: { StreamMode: "AUTO" } },
      [["'AUTO'", "streamModeDetails.streamMode", "Member must satisfy enum value set: [PROVISIONED, ON_DEMAND]"]],
    ],
    [
      "DescribeStream's order",
      "DescribeStream",
      { StreamName: "/", Limit: 10_001, ExclusiveStartShardId: "" },
      [
        ["'10001'", "limit", valueAtMost(10_000)],
        ["''", "exclusiveStartShardId", NAME],
        ["''", "exclusiveStartShardId", atLeast(1)],
        ["'/'", "streamName", NAME],
      ],
    ],
    [
      "GetRecords' order",
      "GetRecords",
      { ShardIterator: "", Limit: 0 },
      [
        ["'0'", "limit", valueAtLeast(1)],
        ["''", "shardIterator", atLeast(1)],
      ],
    ],
    [
      "an iterator too long",
      "GetRecords",
      { ShardIterator: long(513) },
      [[`'${long(513)}'`, "shardIterator", atMost(512)]],
    ],
    [
      "GetShardIterator's order and enum",
      "GetShardIterator",
      { StreamName: "a?", ShardId: "", ShardIteratorType: "", StartingSequenceNumber: "" },
      [
        ["''", "shardId", NAME],
        ["''", "shardId", atLeast(1)],
        ["''", "shardIteratorType", ITERATOR_TYPES],
        ["''", "startingSequenceNumber", SEQUENCE_NUMBER],
        ["'a?'", "streamName", NAME],
      ],
    ],
    [
      "missing members of GetShardIterator",
      "GetShardIterator",
      {},
      [
        ["null", "shardId", NOT_NULL],
        ["null", "shardIteratorType", NOT_NULL],
      ],
    ],
    [
      "ListShards' order",
      "ListShards",
      { NextToken: "", ExclusiveStartShardId: "?", MaxResults: 0, StreamName: "?" },
      [
        ["'0'", "maxResults", valueAtLeast(1)],
        ["'?'", "exclusiveStartShardId", NAME],
        ["'?'", "streamName", NAME],
        ["''", "nextToken", atLeast(1)],
      ],
    ],
    [
      "ListStreams' order",
      "ListStreams",
      { ExclusiveStartStreamName: "?", Limit: -1 },
      [
        ["'-1'", "limit", valueAtLeast(1)],
        ["'?'", "exclusiveStartStreamName", NAME],
      ],
    ],
    [
      "ListTagsForStream's order and its limit of 50",
      "ListTagsForStream",
      { StreamName: "?", Limit: 51, ExclusiveStartTagKey: "" },
      [
        ["'51'", "limit", valueAtMost(50)],
        ["''", "exclusiveStartTagKey", atLeast(1)],
        ["'?'", "streamName", NAME],
      ],
    ],
    [
      "MergeShards' order",
      "MergeShards",
      { StreamName: "?" },
      [
        ["null", "shardToMerge", NOT_NULL],
        ["null", "adjacentShardToMerge", NOT_NULL],
        ["'?'", "streamName", NAME],
      ],
    ],
    [
      "PutRecord's order; a missing key is the operation's business",
      "PutRecord",
      { StreamName: "?", ExplicitHashKey: "01", SequenceNumberForOrdering: "" },
      [
        ["''", "sequenceNumberForOrdering", SEQUENCE_NUMBER],
        ["'01'", "explicitHashKey", HASH_KEY],
        ["null", "data", NOT_NULL],
        ["'?'", "streamName", NAME],
      ],
    ],
    [
      "data too long, whose value is not printed",
      "PutRecord",
      { StreamName: "a", Data: blob(10_485_761), PartitionKey: "" },
      [
        ["''", "partitionKey", atLeast(1)],
        ["", "data", atMost(10_485_760)],
      ],
    ],
    ["no records", "PutRecords", { StreamName: "a", Records: [] }, [["", "records", atLeast(1)]]],
    [
      "501 records",
      "PutRecords",
      { StreamName: "a", Records: Array.from({ length: 501 }, () => record()) },
      [["", "records", atMost(500)]],
    ],
    [
      "records by their place from 1",
      "PutRecords",
      { StreamName: "?", Records: [record(), { PartitionKey: long(257), ExplicitHashKey: "-1" }, null] },
      [
        [`'${long(257)}'`, "records.2.member.partitionKey", atMost(256)],
        ["'-1'", "records.2.member.explicitHashKey", HASH_KEY],
        ["null", "records.2.member.data", NOT_NULL],
        ["null", "records.3.member", NOT_NULL],
        ["'?'", "streamName", NAME],
      ],
    ],
    [
      "tag keys on the list itself",
      "RemoveTagsFromStream",
      { StreamName: "?", TagKeys: ["a", "", "b"] },
      [
        ["'[a, , b]'", "tagKeys", `Member must satisfy constraint: ${TAG_KEY_RULES}`],
        ["'?'", "streamName", NAME],
      ],
    ],
    [
      "enum values on the list itself",
      "EnableEnhancedMonitoring",
      { StreamName: "a", ShardLevelMetrics: ["ALL", "a"] },
      [["'[ALL, a]'", "shardLevelMetrics", `Member must satisfy constraint: [${METRICS}]`]],
    ],
    [
      "SplitShard's order",
      "SplitShard",
      { StreamName: "?", ShardToSplit: "?", NewStartingHashKey: "1234567890123456789012345678901234567890" },
      [
        ["'1234567890123456789012345678901234567890'", "newStartingHashKey", HASH_KEY],
        ["'?'", "streamName", NAME],
        ["'?'", "shardToSplit", NAME],
      ],
    ],
    [
      "retention before the name, and no bounds on the hours",
      "IncreaseStreamRetentionPeriod",
      { StreamName: "" },
      [
        ["null", "retentionPeriodHours", NOT_NULL],
        ["''", "streamName", NAME],
        ["''", "streamName", atLeast(1)],
      ],
    ],
    [
      "an ARN's path with its capitals",
      "DescribeStreamSummary",
      { StreamARN: "arn:aws:kinesis:us-east-1:00000000000:stream/a" },
      [["'arn:aws:kinesis:us-east-1:00000000000:stream/a'", "streamARN", STREAM_ARN]],
    ],
    [
      "a pattern with anchors of its own",
      "DescribeStreamConsumer",
      { ConsumerARN: "arn:aws:kinesis:us-east-1:000000000000:stream/a/consumer/b" },
      [["'arn:aws:kinesis:us-east-1:000000000000:stream/a/consumer/b'", "consumerARN", CONSUMER_ARN]],
    ],
    ["a trailing line break", "DeleteStream", { StreamName: "a\n" }, [["'a\n'", "streamName", NAME]]],
  ];

for (const [title, name, input, violations] of table) {
  test(`validate() words ${title} of ${name} as the service does`, () => {
    const count = violations.length === 1 ? "1 validation error" : `${violations.length} validation errors`;
    const error = refused(name, input);
    assert.equal(error?.type, "ValidationException");
    assert.equal(error?.message, `${count} detected: ${violations.map(sentenceOf).join("; ")}`);
  });
}

test("validate() reports ten violations at most", () => {
  const records: readonly BoundValue[] = Array.from({ length: 20 }, () => ({ PartitionKey: "" }));
  const message = refused("PutRecords", { StreamName: "?", Records: records })?.message ?? "";
  assert.match(message, /^10 validation errors detected: /);
  assert.equal(message.split("; ").length, 10);
  assert.ok(
    message.endsWith("Value null at 'records.5.member.data' failed to satisfy constraint: Member must not be null"),
  );
});

const accepted: readonly [title: string, name: OperationName, input: BoundStructure][] = [
  [
    "every bound at its edge",
    "PutRecord",
    { StreamName: long(128), Data: blob(0), PartitionKey: long(256), ExplicitHashKey: "9".repeat(39) },
  ],
  ["zero as a hash key", "PutRecord", { StreamName: "a", Data: blob(1), ExplicitHashKey: "0" }],
  [
    "200 tags",
    "AddTagsToStream",
    { StreamName: "a", Tags: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, ""])) },
  ],
  ["any retention", "DecreaseStreamRetentionPeriod", { StreamName: "a", RetentionPeriodHours: -5 }],
  [
    "the ARN of a partition",
    "DescribeStream",
    { StreamARN: "arn:aws-cn:kinesis:cn-north-1:123456789012:stream/orders" },
  ],
  [
    "an ARN that repeats its parts",
    "DescribeStream",
    { StreamARN: "arn:aws:kinesis:kinesis:123456789012:stream/a:kinesis:1:123456789012:stream/b" },
  ],
  [
    "a consumer ARN",
    "DescribeStreamConsumer",
    { ConsumerARN: "arn:aws:kinesis:us-east-1:123456789012:stream/a/consumer/b:1600000000" },
  ],
  ["nothing at all", "ListStreams", {}],
];

for (const [title, name, input] of accepted) {
  test(`validate() accepts ${title} in ${name}`, () => {
    assert.equal(refused(name, input), undefined);
  });
}

test("validate() does not spend longer on an ARN made to be slow than on a long one", () => {
  const arn = `arn:aws${":kinesis:".repeat(110)}${":123456789012:stream".repeat(50)}`;
  const filters = (StreamARN: string) => Array.from({ length: 2_000 }, () => ({ StreamARN }));
  const hopeless = filters(arn.slice(0, 2048));
  assert.match(refused("ListChannels", { StreamFilter: hopeless })?.message ?? "", /^10 validation errors detected/);
  const hopeful = filters(`${arn.slice(0, 1900)}:123456789012:stream/a`);
  assert.equal(refused("ListChannels", { StreamFilter: hopeful }), undefined);
  const plain = filters(`arn:aws:kinesis:us-east-1:123456789012:stream/${"a".repeat(1_880)}`);
  const [plainMs, hopelessMs, hopefulMs] = [plain, hopeless, hopeful].map((StreamFilter) => {
    const times = [1, 2, 3].map(() => {
      const startMs = performance.now();
      refused("ListChannels", { StreamFilter });
      return performance.now() - startMs;
    });
    return Math.min(...times);
  }) as [number, number, number];
  // A pattern that backtracks takes thousands of times as long.
  assert.ok(hopelessMs < 20 * plainMs && hopefulMs < 20 * plainMs, `${hopelessMs}, ${hopefulMs}, plain ${plainMs} ms`);
});
