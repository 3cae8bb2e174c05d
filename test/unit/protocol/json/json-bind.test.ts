import assert from "node:assert/strict";
import { test } from "node:test";
import { inputShapes } from "../../../../src/model/constraints.generated.ts";
import type { OperationName } from "../../../../src/model/shapes.generated.ts";
import { bindStructure } from "../../../../src/protocol/json/json-bind.ts";

const NUMBER = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber";
const BOOLEAN = "class java.lang.Boolean";
const STRING = "class java.lang.String";
const LIST_FOUND = "Start of list found where not expected";
const OBJECT_FOUND = "Start of structure or map found where not expected.";

const refusals: readonly [name: OperationName, input: unknown, message: string][] = [
  ["DeleteStream", { EnforceConsumerDeletion: "23" }, "'23' can not be converted to an Boolean"],
  ["DeleteStream", { EnforceConsumerDeletion: "abc" }, "'ABC' can not be converted to an Boolean"],
  ["DeleteStream", { EnforceConsumerDeletion: 23 }, `${NUMBER} can not be converted to an Boolean`],
  ["DeleteStream", { EnforceConsumerDeletion: [] }, LIST_FOUND],
  ["DeleteStream", { EnforceConsumerDeletion: {} }, OBJECT_FOUND],
  ["DeleteStream", { StreamName: true }, `${BOOLEAN} can not be converted to an String`],
  ["DeleteStream", { StreamName: 23 }, `${NUMBER} can not be converted to an String`],
  ["DeleteStream", { StreamName: [] }, LIST_FOUND],
  ["DeleteStream", { StreamName: {} }, OBJECT_FOUND],
  ["ListStreams", { Limit: "23" }, `${STRING} can not be converted to an Integer`],
  ["ListStreams", { Limit: true }, `${BOOLEAN} can not be converted to an Integer`],
  ["ListStreams", { Limit: [] }, LIST_FOUND],
  ["ListStreams", { Limit: {} }, OBJECT_FOUND],
  ["PutRecord", { Data: true }, `${BOOLEAN} can not be converted to a Blob`],
  ["PutRecord", { Data: 23 }, `${NUMBER} can not be converted to a Blob`],
  ["PutRecord", { Data: [] }, LIST_FOUND],
  ["PutRecord", { Data: {} }, OBJECT_FOUND],
  [
    "PutRecord",
    { Data: "23" },
    "'23' can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 bytes but found: 2",
  ],
  ["PutRecord", { Data: "=+/=" }, "'=+/=' can not be converted to a Blob: Invalid Base64 character: '='"],
  [
    "PutRecord",
    { Data: "+/+=" },
    "'+/+=' can not be converted to a Blob: Invalid last non-pad Base64 character dectected",
  ],
  ["GetShardIterator", { Timestamp: "1" }, `${STRING} can not be converted to milliseconds since epoch`],
  ["GetShardIterator", { Timestamp: false }, `${BOOLEAN} can not be converted to milliseconds since epoch`],
  ["GetShardIterator", { Timestamp: [] }, LIST_FOUND],
  ["GetShardIterator", { Timestamp: {} }, OBJECT_FOUND],
  ["PutRecords", { Records: "34" }, "Expected list or null"],
  ["PutRecords", { Records: 34 }, "Expected list or null"],
  ["PutRecords", { Records: {} }, OBJECT_FOUND],
  ["PutRecords", { Records: ["34"] }, "Expected null"],
  ["PutRecords", { Records: [true] }, "Expected null"],
  ["PutRecords", { Records: [[]] }, LIST_FOUND],
  ["PutRecords", { Records: [{ PartitionKey: 34 }] }, `${NUMBER} can not be converted to an String`],
  ["AddTagsToStream", { Tags: "34" }, "Expected map or null"],
  ["AddTagsToStream", { Tags: 34 }, "Expected map or null"],
  ["AddTagsToStream", { Tags: [] }, LIST_FOUND],
  ["AddTagsToStream", { Tags: { a: 34 } }, `${NUMBER} can not be converted to an String`],
  ["AddTagsToStream", { Tags: { a: {} } }, OBJECT_FOUND],
  ["RemoveTagsFromStream", { TagKeys: [true] }, `${BOOLEAN} can not be converted to an String`],
  ["ListShards", { ShardFilter: "34" }, "Expected null"],
  ["ListShards", { ShardFilter: false }, "Expected null"],
  ["ListShards", { ShardFilter: [] }, LIST_FOUND],
  ["ListStreams", [], LIST_FOUND],
];

for (const [name, input, message] of refusals) {
  test(`bindStructure() refuses ${JSON.stringify(input)} for ${name}`, () => {
    assert.throws(() => bindStructure(inputShapes[name], input), {
      type: "SerializationException",
      message,
      capitalMessage: true,
    });
  });
}

const bindings: readonly [title: string, name: OperationName, input: unknown, bound: object][] = [
  ["drops nulls and unknown members", "ListStreams", { Limit: null, Other: [{}], toString: 1 }, {}],
  ["floors fractions", "ListStreams", { Limit: 2.9 }, { Limit: 2 }],
  ["holds integers within 32 bits", "ListStreams", { Limit: 100_000_000_000 }, { Limit: 2_147_483_647 }],
  ["holds negative integers within 32 bits", "ListStreams", { Limit: -1e300 }, { Limit: -2_147_483_648 }],
  [
    "reads seconds with a fraction as ms",
    "GetShardIterator",
    { Timestamp: 1_441_215_410.867 },
    { Timestamp: 1_441_215_410_867 },
  ],
  ["reads whole seconds as ms", "GetShardIterator", { Timestamp: 1_441_215_410 }, { Timestamp: 1_441_215_410_000 }],
  ["reads yes as true", "DeleteStream", { EnforceConsumerDeletion: "Yes" }, { EnforceConsumerDeletion: true }],
  ["reads 0 in quotes as false", "DeleteStream", { EnforceConsumerDeletion: "0" }, { EnforceConsumerDeletion: false }],
  [
    "takes a fraction for a Boolean",
    "DeleteStream",
    { EnforceConsumerDeletion: 2.3 },
    { EnforceConsumerDeletion: true },
  ],
  ["keeps nulls inside lists", "RemoveTagsFromStream", { TagKeys: ["a", null] }, { TagKeys: ["a", null] }],
  ["decodes blobs", "PutRecord", { Data: "AAEC" }, { Data: Buffer.of(0, 1, 2) }],
];

for (const [title, name, input, bound] of bindings) {
  test(`bindStructure() ${title}`, () => {
    assert.deepEqual(bindStructure(inputShapes[name], input), bound);
  });
}

test("bindStructure() keeps a tag that is called __proto__", () => {
  const bound = bindStructure(inputShapes.AddTagsToStream, JSON.parse('{"Tags":{"__proto__":"a"}}'));
  assert.deepEqual(Object.entries(bound["Tags"] ?? {}), [["__proto__", "a"]]);
});

test("bindStructure() names the first wrong value of the document, before any constraint", () => {
  const input = { StreamName: "?", Records: [{ Data: "AAEC" }, { Data: 1, PartitionKey: true }], StreamARN: 1 };
  assert.throws(() => bindStructure(inputShapes.PutRecords, input), {
    message: `${NUMBER} can not be converted to a Blob`,
  });
});
