import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs, assertStreamNotFound } from "./support/assert-refused.ts";
import { call, ok } from "./support/call.ts";
import { suiteConsumer } from "./support/consumer-fixture.ts";
import { testInput } from "./support/input-shape.ts";
import { resourceArnPattern, streamIdPattern } from "./support/patterns.ts";
import { streamArn, suiteStream, uniqueName } from "./support/stream-fixture.ts";

describe("TagResource", () => {
  const stream = suiteStream();
  const consumer = suiteConsumer(stream, "reader");

  testInput(
    "TagResource",
    { ResourceARN: "arn:aws:kinesis:us-east-1:123456789012:stream/absent", Tags: { a: "b" } },
    {
      Tags: { type: "Map", required: true, min: 1, max: 200, entry: { min: 0, max: 256 } },
      "Tags.*": { type: "String" },
      ResourceARN: { type: "String", required: true, min: 1, max: 2048, pattern: resourceArnPattern },
      StreamId: { type: "String", min: 1, max: 24, pattern: streamIdPattern },
    },
  );

  test("TagResource refuses a stream or a consumer that does not exist", async () => {
    const absent = uniqueName("absent");
    await assertStreamNotFound("TagResource", { ResourceARN: await streamArn(absent), Tags: { a: "" } }, absent);
    const ResourceARN = `${stream.arn}/consumer/absent:1`;
    await assertRefusedAs("TagResource", { ResourceARN, Tags: { a: "" } }, "ResourceNotFoundException");
  });

  test("TagResource answers with an empty body and adds to the tags that AddTagsToStream knows", async () => {
    await ok("AddTagsToStream", { StreamName: stream.name, Tags: { a: "1", b: "2" } });
    const answer = await call("TagResource", { ResourceARN: stream.arn, Tags: { b: "3", c: "x:y" } });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.text, "");
    assert.deepEqual((await ok("ListTagsForStream", { StreamName: stream.name })).Tags, [
      { Key: "a", Value: "1" },
      { Key: "b", Value: "3" },
      { Key: "c", Value: "x:y" },
    ]);
  });

  test("TagResource gives a consumer tags of its own", async () => {
    await ok("TagResource", { ResourceARN: consumer.arn, Tags: { only: "here" } });
    const { Tags } = await ok("ListTagsForResource", { ResourceARN: consumer.arn });
    assert.deepEqual(Tags, [{ Key: "only", Value: "here" }]);
    const ofStream = await ok("ListTagsForResource", { ResourceARN: stream.arn });
    assert.equal(
      ofStream.Tags.some(({ Key }) => Key === "only"),
      false,
    );
  });

  test("TagResource refuses characters that no tag may hold", async () => {
    for (const Tags of [{ "a;b": "" }, { a: "\n" }]) {
      await assertRefusedAs("TagResource", { ResourceARN: stream.arn, Tags }, "InvalidArgumentException");
    }
  });

  test("TagResource takes fifty tags to a resource", async () => {
    const tags = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, ""]));
    const refusedOver = { ResourceARN: consumer.arn, Tags: tags(50) };
    await assertRefusedAs("TagResource", { ...refusedOver, Tags: tags(51) }, "InvalidArgumentException");
  });
});
