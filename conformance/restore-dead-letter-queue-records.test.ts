import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { testInput } from "./support/input-shape.ts";
import { queueArnPattern } from "./support/patterns.ts";
import {
  absentQueueArn,
  entriesOf,
  putTexts,
  receive,
  receiveNow,
  suiteQueue,
  textOf,
} from "./support/queue-fixture.ts";

describe("RestoreDeadLetterQueueRecords", () => {
  const queue = suiteQueue({
    extra: { QueueAttributes: { DeadLetterConfiguration: { TargetType: "BUILT_IN", MaxReceiveCount: 1 } } },
  });

  testInput(
    "RestoreDeadLetterQueueRecords",
    { QueueARN: absentQueueArn, Entries: [{ ReceiptHandle: "absent" }] },
    {
      QueueARN: { type: "String", required: true, min: 1, max: 2048, pattern: queueArnPattern },
      Entries: { type: "List", required: true, min: 1, max: 10 },
      "Entries[]": { type: "Structure" },
      "Entries[].ReceiptHandle": { type: "String", required: true, min: 1, max: 1024 },
    },
  );

  test("RestoreDeadLetterQueueRecords refuses a queue that does not exist", async () => {
    await assertRefusedAs(
      "RestoreDeadLetterQueueRecords",
      { QueueARN: `${queue.arn}x`, Entries: [{ ReceiptHandle: "absent" }] },
      "ResourceNotFoundException",
    );
  });

  test("RestoreDeadLetterQueueRecords makes a dead letter an ordinary record that was never received", async () => {
    await putTexts(queue.stream.name, "poison");
    await receive(queue.arn, 1, { visibilitySeconds: 0 });
    const Entries = entriesOf(await receive(queue.arn, 1, { dead: true }));
    assert.deepEqual(await ok("RestoreDeadLetterQueueRecords", { QueueARN: queue.arn, Entries }), {
      Successful: Entries,
      Failed: [],
    });
    const restored = await receive(queue.arn, 1);
    assert.deepEqual(
      restored.map((record) => [textOf(record), record.ReceiveCount]),
      [["poison", 1]],
    );
    await ok("AcknowledgeQueueRecords", { QueueARN: queue.arn, Entries: entriesOf(restored) });
    assert.deepEqual(await receiveNow(queue.arn, true), []);
  });
});
