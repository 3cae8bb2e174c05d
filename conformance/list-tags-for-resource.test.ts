import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs, assertStreamNotFound } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { suiteConsumer } from "./support/consumer-fixture.ts";
import { testInput } from "./support/input-shape.ts";
import { resourceArnPattern, streamIdPattern } from "./support/patterns.ts";
import { streamArn, suiteStream, uniqueName } from "./support/stream-fixture.ts";

describe("ListTagsForResource", () => {
  const stream = suiteStream();
  const consumer = suiteConsumer(stream, "reader");

  testInput(
    "ListTagsForResource",
    { ResourceARN: "arn:aws:kinesis:us-east-1:123456789012:stream/absent" },
    {
      ResourceARN: { type: "String", required: true, min: 1, max: 2048, pattern: resourceArnPattern },
      StreamId: { type: "String", min: 1, max: 24, pattern: streamIdPattern },
    },
  );

  test("ListTagsForResource refuses a stream or a consumer that does not exist", async () => {
    const absent = uniqueName("absent");
    await assertStreamNotFound("ListTagsForResource", { ResourceARN: await streamArn(absent) }, absent);
    const ResourceARN = `${stream.arn}/consumer/absent:1`;
    await assertRefusedAs("ListTagsForResource", { ResourceARN }, "ResourceNotFoundException");
  });

  test("ListTagsForResource gives all tags of a stream or a consumer, and an empty list for none", async () => {
    assert.deepEqual(await ok("ListTagsForResource", { ResourceARN: stream.arn }), { Tags: [] });
    assert.deepEqual(await ok("ListTagsForResource", { ResourceARN: consumer.arn }), { Tags: [] });
    const tags = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, "v"]));
    await ok("TagResource", { ResourceARN: stream.arn, Tags: tags });
    assert.equal((await ok("ListTagsForResource", { ResourceARN: stream.arn })).Tags.length, 50);
  });
});
