import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { call, ok, refused } from "../support/call.ts";
import { suiteStream } from "../support/stream-fixture.ts";

// Other servers have died of these.
describe("Hostile input", () => {
  const stream = suiteStream();

  test("null inside a list or a map is a violation", async () => {
    for (const [operation, input] of [
      ["RemoveTagsFromStream", { StreamName: stream.name, TagKeys: [null] }],
      ["UntagResource", { ResourceARN: stream.arn, TagKeys: [null] }],
      ["PutRecords", { StreamName: stream.name, Records: [null] }],
      ["AddTagsToStream", { StreamName: stream.name, Tags: { a: null } }],
      ["EnableEnhancedMonitoring", { StreamName: stream.name, ShardLevelMetrics: [null] }],
    ] as const) {
      const { type, message } = await refused(operation, input);
      assert.equal(type, "ValidationException", `${operation} answered ${message}`);
    }
  });

  test("names that mean something to JavaScript mean nothing to the server", async () => {
    const tags = '{"__proto__": "a", "constructor": "b", "toString": "c"}';
    const answer = await call("AddTagsToStream", `{"StreamName": "${stream.name}", "Tags": ${tags}}`);
    assert.equal(answer.status, 200, answer.text);
    const { Tags } = await ok("ListTagsForStream", { StreamName: stream.name });
    assert.deepEqual(
      Tags.map(({ Key }) => Key),
      ["__proto__", "constructor", "toString"],
    );
    const { type } = await refused("DescribeStream", '{"__proto__": {"StreamName": "x"}, "constructor": 1}');
    assert.equal(type, "InvalidArgumentException");
  });

  test("deep nesting and numbers beyond all bounds are refused, not suffered", async () => {
    const deep = `{"StreamName": ${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
    assert.equal((await refused("DescribeStream", deep)).type, "SerializationException");
    const unknown = `{"StreamName": "${stream.name}", "Unknown": ${"[".repeat(1000)}${"]".repeat(1000)}}`;
    assert.equal((await call("DescribeStream", unknown)).status, 200);
    for (const number of ["1e400", "-1e400", "1e-400", "-0"]) {
      const answer = await call("DescribeStream", `{"StreamName": "${stream.name}", "Limit": ${number}}`);
      assert.equal(answer.status, 400, answer.text);
    }
    for (const number of ["1e400", "-1e400"]) {
      const place = `"StreamName": "${stream.name}", "ShardId": "0", "ShardIteratorType": "AT_TIMESTAMP"`;
      const answer = await call("GetShardIterator", `{${place}, "Timestamp": ${number}}`);
      assert.ok(answer.status === 200 || answer.status === 400, answer.text);
    }
  });

  test("half a surrogate pair in a key is taken as UTF-8 takes it", async () => {
    const lone = '{"Data": "", "PartitionKey": "\\ud83d"}';
    const answer = await call("PutRecords", `{"StreamName": "${stream.name}", "Records": [${lone}]}`);
    assert.ok(answer.status === 200 || answer.status === 400, answer.text);
  });
});
