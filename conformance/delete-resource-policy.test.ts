import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs } from "./support/assert-refused.ts";
import { call, ok, refused } from "./support/call.ts";
import { suiteConsumer } from "./support/consumer-fixture.ts";
import { testInput } from "./support/input-shape.ts";
import { resourceArnPattern, streamIdPattern } from "./support/patterns.ts";
import { policyFor } from "./support/resource-policy.ts";
import { streamArn, suiteStream, uniqueName } from "./support/stream-fixture.ts";

describe("DeleteResourcePolicy", () => {
  const stream = suiteStream();
  const consumer = suiteConsumer(stream, "reader");

  testInput(
    "DeleteResourcePolicy",
    { ResourceARN: "arn:aws:kinesis:us-east-1:123456789012:stream/absent" },
    {
      ResourceARN: { type: "String", required: true, min: 1, max: 2048, pattern: resourceArnPattern },
      StreamId: { type: "String", min: 1, max: 24, pattern: streamIdPattern },
    },
  );

  test("DeleteResourcePolicy refuses a stream or a consumer that does not exist", async () => {
    for (const ResourceARN of [await streamArn(uniqueName("absent")), `${stream.arn}/consumer/absent:1`]) {
      await assertRefusedAs("DeleteResourcePolicy", { ResourceARN }, "ResourceNotFoundException");
    }
  });

  test("DeleteResourcePolicy deletes the policy and then finds none", async () => {
    for (const ResourceARN of [stream.arn, consumer.arn]) {
      assert.equal((await refused("DeleteResourcePolicy", { ResourceARN })).status, 400);
      await ok("PutResourcePolicy", { ResourceARN, Policy: await policyFor(ResourceARN) });
      const answer = await call("DeleteResourcePolicy", { ResourceARN });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.text, "");
      assert.deepEqual(await ok("GetResourcePolicy", { ResourceARN }), { Policy: "{}" });
      assert.equal((await refused("DeleteResourcePolicy", { ResourceARN })).status, 400);
    }
  });
});
