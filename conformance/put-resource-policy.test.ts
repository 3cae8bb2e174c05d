import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs } from "./support/assert-refused.ts";
import { call, ok } from "./support/call.ts";
import { suiteConsumer } from "./support/consumer-fixture.ts";
import { testInput } from "./support/input-shape.ts";
import { resourceArnPattern, streamIdPattern } from "./support/patterns.ts";
import { policyFor } from "./support/resource-policy.ts";
import { streamArn, suiteStream, uniqueName } from "./support/stream-fixture.ts";

describe("PutResourcePolicy", () => {
  const stream = suiteStream();
  const consumer = suiteConsumer(stream, "reader");

  testInput(
    "PutResourcePolicy",
    { ResourceARN: "arn:aws:kinesis:us-east-1:123456789012:stream/absent", Policy: "{}" },
    {
      ResourceARN: { type: "String", required: true, min: 1, max: 2048, pattern: resourceArnPattern },
      StreamId: { type: "String", min: 1, max: 24, pattern: streamIdPattern },
      Policy: { type: "String", required: true },
    },
  );

  test("PutResourcePolicy refuses a stream or a consumer that does not exist", async () => {
    for (const ResourceARN of [await streamArn(uniqueName("absent")), `${stream.arn}/consumer/absent:1`]) {
      const Policy = await policyFor(ResourceARN);
      await assertRefusedAs("PutResourcePolicy", { ResourceARN, Policy }, "ResourceNotFoundException");
    }
  });

  test("PutResourcePolicy refuses what is no policy", async () => {
    for (const Policy of ["", "nonsense", "[]", "{}", '{"Version":"2012-10-17","Statement":[]}']) {
      await assertRefusedAs("PutResourcePolicy", { ResourceARN: stream.arn, Policy }, "InvalidArgumentException");
    }
  });

  test("PutResourcePolicy replaces the policy, which is given back word for word", async () => {
    for (const ResourceARN of [stream.arn, consumer.arn]) {
      for (const indent of [0, 2]) {
        const Policy = await policyFor(ResourceARN, indent);
        const answer = await call("PutResourcePolicy", { ResourceARN, Policy });
        assert.equal(answer.status, 200, answer.text);
        assert.equal(answer.text, "");
        assert.deepEqual(await ok("GetResourcePolicy", { ResourceARN }), { Policy });
      }
    }
  });
});
