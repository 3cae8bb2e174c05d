import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { testInput } from "./support/input-shape.ts";
import { queueArnPattern } from "./support/patterns.ts";
import { absentQueueArn, suiteQueue } from "./support/queue-fixture.ts";

describe("DescribeQueue", () => {
  const queue = suiteQueue();

  testInput(
    "DescribeQueue",
    { QueueARN: absentQueueArn },
    { QueueARN: { type: "String", required: true, min: 1, max: 2048, pattern: queueArnPattern } },
  );

  test("DescribeQueue refuses a queue that does not exist", async () => {
    await assertRefusedAs("DescribeQueue", { QueueARN: `${queue.arn}x` }, "ResourceNotFoundException");
  });

  test("DescribeQueue gives what CreateQueue gave, with the time from which the queue has records", async () => {
    const { QueueDescription } = await ok("DescribeQueue", { QueueARN: queue.arn });
    assert.deepEqual(QueueDescription, queue.described);
    assert.equal(QueueDescription.StreamConfigurationList[0]?.StreamARN, queue.stream.arn);
  });
});
