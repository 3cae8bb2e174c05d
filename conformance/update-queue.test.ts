import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { testInput } from "./support/input-shape.ts";
import { queueArnPattern } from "./support/patterns.ts";
import { absentQueueArn, suiteQueue, untilQueueActive } from "./support/queue-fixture.ts";

describe("UpdateQueue", () => {
  const queue = suiteQueue();

  testInput(
    "UpdateQueue",
    {
      QueueARN: absentQueueArn,
      QueueAttributes: { DeadLetterConfiguration: { TargetType: "BUILT_IN", MaxReceiveCount: 2 } },
    },
    {
      QueueARN: { type: "String", required: true, min: 1, max: 2048, pattern: queueArnPattern },
      QueueAttributes: { type: "Structure", required: true },
      "QueueAttributes.VisibilityTimeoutSeconds": { type: "Integer", min: 0, max: 43200 },
      "QueueAttributes.DeadLetterConfiguration": { type: "Structure" },
      "QueueAttributes.DeadLetterConfiguration.TargetType": {
        type: "String",
        required: true,
        values: ["BUILT_IN", "NONE"],
      },
      "QueueAttributes.DeadLetterConfiguration.MaxReceiveCount": { type: "Integer", min: 1, max: 1000 },
    },
  );

  test("UpdateQueue refuses a queue that does not exist", async () => {
    await assertRefusedAs(
      "UpdateQueue",
      { QueueARN: `${queue.arn}x`, QueueAttributes: { VisibilityTimeoutSeconds: 1 } },
      "ResourceNotFoundException",
    );
  });

  test("UpdateQueue changes what it names and leaves the rest", async () => {
    const QueueARN = queue.arn;
    const update = async (QueueAttributes: object) => {
      const { QueueDescription } = await ok("UpdateQueue", { QueueARN, QueueAttributes });
      assert.equal(QueueDescription.QueueStatus, "UPDATING");
      const described = await untilQueueActive(QueueARN);
      assert.deepEqual({ ...QueueDescription, QueueStatus: "ACTIVE" }, described);
      return described.QueueAttributes;
    };
    assert.deepEqual(await update({ VisibilityTimeoutSeconds: 43200 }), {
      VisibilityTimeoutSeconds: 43200,
      DeadLetterConfiguration: { TargetType: "BUILT_IN", MaxReceiveCount: 6 },
    });
    const none = { VisibilityTimeoutSeconds: 43200, DeadLetterConfiguration: { TargetType: "NONE" } };
    assert.deepEqual(await update({ DeadLetterConfiguration: { TargetType: "NONE" } }), none);
  });
});
