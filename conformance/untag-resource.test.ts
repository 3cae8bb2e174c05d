import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs, assertStreamNotFound } from "./support/assert-refused.ts";
import { call, ok } from "./support/call.ts";
import { suiteConsumer } from "./support/consumer-fixture.ts";
import { testInput } from "./support/input-shape.ts";
import { resourceArnPattern, streamIdPattern } from "./support/patterns.ts";
import { streamArn, suiteStream, uniqueName } from "./support/stream-fixture.ts";

describe("UntagResource", () => {
  const stream = suiteStream();
  const consumer = suiteConsumer(stream, "reader");

  testInput(
    "UntagResource",
    { ResourceARN: "arn:aws:kinesis:us-east-1:123456789012:stream/absent", TagKeys: ["a"] },
    {
      TagKeys: { type: "List", required: true, min: 1, max: 50, entry: { min: 1, max: 128 } },
      "TagKeys[]": { type: "String" },
      ResourceARN: { type: "String", required: true, min: 1, max: 2048, pattern: resourceArnPattern },
      StreamId: { type: "String", min: 1, max: 24, pattern: streamIdPattern },
    },
  );

  test("UntagResource refuses a stream or a consumer that does not exist", async () => {
    const absent = uniqueName("absent");
    await assertStreamNotFound("UntagResource", { ResourceARN: await streamArn(absent), TagKeys: ["a"] }, absent);
    const ResourceARN = `${stream.arn}/consumer/absent:1`;
    await assertRefusedAs("UntagResource", { ResourceARN, TagKeys: ["a"] }, "ResourceNotFoundException");
  });

  test("UntagResource answers with an empty body and ignores keys that are not there", async () => {
    for (const ResourceARN of [stream.arn, consumer.arn]) {
      await ok("TagResource", { ResourceARN, Tags: { a: "1", b: "2" } });
      const answer = await call("UntagResource", { ResourceARN, TagKeys: ["a", "absent"] });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.text, "");
      assert.deepEqual(await ok("ListTagsForResource", { ResourceARN }), { Tags: [{ Key: "b", Value: "2" }] });
    }
  });
});
