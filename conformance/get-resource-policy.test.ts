import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { suiteConsumer } from "./support/consumer-fixture.ts";
import { testInput } from "./support/input-shape.ts";
import { resourceArnPattern, streamIdPattern } from "./support/patterns.ts";
import { streamArn, suiteStream, uniqueName } from "./support/stream-fixture.ts";

describe("GetResourcePolicy", () => {
  const stream = suiteStream();
  const consumer = suiteConsumer(stream, "reader");

  testInput(
    "GetResourcePolicy",
    { ResourceARN: "arn:aws:kinesis:us-east-1:123456789012:stream/absent" },
    {
      ResourceARN: { type: "String", required: true, min: 1, max: 2048, pattern: resourceArnPattern },
      StreamId: { type: "String", min: 1, max: 24, pattern: streamIdPattern },
    },
  );

  test("GetResourcePolicy refuses a stream or a consumer that does not exist", async () => {
    for (const ResourceARN of [await streamArn(uniqueName("absent")), `${stream.arn}/consumer/absent:1`]) {
      await assertRefusedAs("GetResourcePolicy", { ResourceARN }, "ResourceNotFoundException");
    }
  });

  test("GetResourcePolicy gives an empty policy, not an error, where none was put", async () => {
    for (const ResourceARN of [stream.arn, consumer.arn]) {
      assert.deepEqual(await ok("GetResourcePolicy", { ResourceARN }), { Policy: "{}" });
    }
  });
});
