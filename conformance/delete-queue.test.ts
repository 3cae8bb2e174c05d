import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs } from "./support/assert-refused.ts";
import { call, ok } from "./support/call.ts";
import { testInput } from "./support/input-shape.ts";
import { queueArnPattern } from "./support/patterns.ts";
import { absentQueueArn, activeQueue, deleteQueuesAndStream, untilQueueGone } from "./support/queue-fixture.ts";

describe("DeleteQueue", () => {
  testInput(
    "DeleteQueue",
    { QueueARN: absentQueueArn },
    { QueueARN: { type: "String", required: true, min: 1, max: 2048, pattern: queueArnPattern } },
  );

  test("DeleteQueue answers with an empty body, and the queue is gone some time later, its stream not", async () => {
    const { QueueARN, StreamName, StreamARN } = await activeQueue();
    const answer = await call("DeleteQueue", { QueueARN });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.text, "");
    await untilQueueGone(QueueARN);
    await assertRefusedAs("DeleteQueue", { QueueARN }, "ResourceNotFoundException");
    const { StreamDescriptionSummary } = await ok("DescribeStreamSummary", { StreamName });
    assert.equal(StreamDescriptionSummary.QueueCount, 0);
    await deleteQueuesAndStream(StreamName, StreamARN);
  });
});
