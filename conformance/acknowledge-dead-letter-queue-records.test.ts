import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { testInput } from "./support/input-shape.ts";
import { queueArnPattern } from "./support/patterns.ts";
import { absentQueueArn, entriesOf, putTexts, receive, receiveNow, suiteQueue } from "./support/queue-fixture.ts";

describe("AcknowledgeDeadLetterQueueRecords", () => {
  const queue = suiteQueue({
    extra: { QueueAttributes: { DeadLetterConfiguration: { TargetType: "BUILT_IN", MaxReceiveCount: 1 } } },
  });

  testInput(
    "AcknowledgeDeadLetterQueueRecords",
    { QueueARN: absentQueueArn, Entries: [{ ReceiptHandle: "absent" }] },
    {
      QueueARN: { type: "String", required: true, min: 1, max: 2048, pattern: queueArnPattern },
      Entries: { type: "List", required: true, min: 1, max: 10 },
      "Entries[]": { type: "Structure" },
      "Entries[].ReceiptHandle": { type: "String", required: true, min: 1, max: 1024 },
    },
  );

  test("AcknowledgeDeadLetterQueueRecords refuses a queue that does not exist", async () => {
    await assertRefusedAs(
      "AcknowledgeDeadLetterQueueRecords",
      { QueueARN: `${queue.arn}x`, Entries: [{ ReceiptHandle: "absent" }] },
      "ResourceNotFoundException",
    );
  });

  test("AcknowledgeDeadLetterQueueRecords discards a dead letter", async () => {
    await putTexts(queue.stream.name, "poison");
    await receive(queue.arn, 1, { visibilitySeconds: 0 });
    const records = await receive(queue.arn, 1, { dead: true, visibilitySeconds: 1 });
    const Entries = entriesOf(records);
    assert.deepEqual(await ok("AcknowledgeDeadLetterQueueRecords", { QueueARN: queue.arn, Entries }), {
      Successful: Entries,
      Failed: [],
    });
    assert.deepEqual(await receiveNow(queue.arn, true), []);
    assert.deepEqual(await receiveNow(queue.arn, true), []);
  });
});
