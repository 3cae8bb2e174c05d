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

describe("UpdateQueueRecordsVisibility", () => {
  const queue = suiteQueue();

  testInput(
    "UpdateQueueRecordsVisibility",
    { QueueARN: absentQueueArn, Entries: [{ ReceiptHandle: "absent", VisibilityTimeoutSeconds: 1 }] },
    {
      QueueARN: { type: "String", required: true, min: 1, max: 2048, pattern: queueArnPattern },
      Entries: { type: "List", required: true, min: 1, max: 10 },
      "Entries[]": { type: "Structure" },
      "Entries[].ReceiptHandle": { type: "String", required: true, min: 1, max: 1024 },
      "Entries[].VisibilityTimeoutSeconds": { type: "Integer", required: true, min: 0, max: 43200 },
    },
  );

  test("UpdateQueueRecordsVisibility refuses a queue that does not exist", async () => {
    await assertRefusedAs(
      "UpdateQueueRecordsVisibility",
      { QueueARN: `${queue.arn}x`, Entries: [{ ReceiptHandle: "absent", VisibilityTimeoutSeconds: 1 }] },
      "ResourceNotFoundException",
    );
  });

  test("UpdateQueueRecordsVisibility keeps a record in flight longer, and gives it back with 0", async () => {
    await putTexts(queue.stream.name, "slow");
    const [record] = await receive(queue.arn, 1, { visibilitySeconds: 1 });
    assert.ok(record !== undefined);
    const { ReceiptHandle } = record;
    const change = (VisibilityTimeoutSeconds: number) =>
      ok("UpdateQueueRecordsVisibility", {
        QueueARN: queue.arn,
        Entries: [{ ReceiptHandle, VisibilityTimeoutSeconds }],
      });
    assert.deepEqual(await change(600), { Successful: [{ ReceiptHandle }], Failed: [] });
    assert.deepEqual(await receiveNow(queue.arn), []);
    await change(0);
    const again = await receive(queue.arn, 1);
    assert.deepEqual(again.map(textOf), ["slow"]);
    await ok("AcknowledgeQueueRecords", { QueueARN: queue.arn, Entries: entriesOf(again) });
  });
});
