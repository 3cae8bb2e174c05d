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

describe("UpdateDeadLetterQueueRecordsVisibility", () => {
  const queue = suiteQueue({
    extra: { QueueAttributes: { DeadLetterConfiguration: { TargetType: "BUILT_IN", MaxReceiveCount: 1 } } },
  });

  testInput(
    "UpdateDeadLetterQueueRecordsVisibility",
    { QueueARN: absentQueueArn, Entries: [{ ReceiptHandle: "absent", VisibilityTimeoutSeconds: 1 }] },
    {
      QueueARN: { type: "String", required: true, min: 1, max: 2048, pattern: queueArnPattern },
      Entries: { type: "List", required: true, min: 1, max: 10 },
      "Entries[]": { type: "Structure" },
      "Entries[].ReceiptHandle": { type: "String", required: true, min: 1, max: 1024 },
      "Entries[].VisibilityTimeoutSeconds": { type: "Integer", required: true, min: 0, max: 43200 },
    },
  );

  test("UpdateDeadLetterQueueRecordsVisibility refuses a queue that does not exist", async () => {
    await assertRefusedAs(
      "UpdateDeadLetterQueueRecordsVisibility",
      { QueueARN: `${queue.arn}x`, Entries: [{ ReceiptHandle: "absent", VisibilityTimeoutSeconds: 1 }] },
      "ResourceNotFoundException",
    );
  });

  test("UpdateDeadLetterQueueRecordsVisibility hides a dead letter longer, and shows it with 0", async () => {
    await putTexts(queue.stream.name, "poison");
    await receive(queue.arn, 1, { visibilitySeconds: 0 });
    const [record] = await receive(queue.arn, 1, { dead: true, visibilitySeconds: 1 });
    assert.ok(record !== undefined);
    const { ReceiptHandle } = record;
    const operation = "UpdateDeadLetterQueueRecordsVisibility";
    const change = (VisibilityTimeoutSeconds: number) =>
      ok(operation, { QueueARN: queue.arn, Entries: [{ ReceiptHandle, VisibilityTimeoutSeconds }] });
    assert.deepEqual(await change(600), { Successful: [{ ReceiptHandle }], Failed: [] });
    assert.deepEqual(await receiveNow(queue.arn, true), []);
    await change(0);
    const again = await receive(queue.arn, 1, { dead: true });
    assert.deepEqual(again.map(textOf), ["poison"]);
    await ok("AcknowledgeDeadLetterQueueRecords", { QueueARN: queue.arn, Entries: entriesOf(again) });
  });
});
