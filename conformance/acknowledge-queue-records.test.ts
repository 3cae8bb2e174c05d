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

describe("AcknowledgeQueueRecords", () => {
  const queue = suiteQueue();

  testInput(
    "AcknowledgeQueueRecords",
    { QueueARN: absentQueueArn, Entries: [{ ReceiptHandle: "absent" }] },
    {
      QueueARN: { type: "String", required: true, min: 1, max: 2048, pattern: queueArnPattern },
      Entries: { type: "List", required: true, min: 1, max: 10 },
      "Entries[]": { type: "Structure" },
      "Entries[].ReceiptHandle": { type: "String", required: true, min: 1, max: 1024 },
    },
  );

  test("AcknowledgeQueueRecords refuses a queue that does not exist", async () => {
    await assertRefusedAs(
      "AcknowledgeQueueRecords",
      { QueueARN: `${queue.arn}x`, Entries: [{ ReceiptHandle: "absent" }] },
      "ResourceNotFoundException",
    );
  });

  test("AcknowledgeQueueRecords ends the deliveries of a record, and the stream keeps it", async () => {
    await putTexts(queue.stream.name, "done", "left");
    const records = await receive(queue.arn, 2, { visibilitySeconds: 2 });
    const Entries = entriesOf(records.filter((record) => textOf(record) === "done"));
    assert.deepEqual(await ok("AcknowledgeQueueRecords", { QueueARN: queue.arn, Entries }), {
      Successful: Entries,
      Failed: [],
    });
    const again = await receive(queue.arn, 1);
    assert.deepEqual(again.map(textOf), ["left"]);
    assert.deepEqual(await receiveNow(queue.arn), []);
    await ok("AcknowledgeQueueRecords", { QueueARN: queue.arn, Entries: entriesOf(again) });
  });

  test("AcknowledgeQueueRecords answers by entry", async () => {
    await putTexts(queue.stream.name, "mixed");
    const [record] = await receive(queue.arn, 1);
    assert.ok(record !== undefined);
    const { ReceiptHandle } = record;
    const Entries = [{ ReceiptHandle: "absent" }, { ReceiptHandle }];
    const { Successful, Failed } = await ok("AcknowledgeQueueRecords", { QueueARN: queue.arn, Entries });
    assert.deepEqual(Successful, [{ ReceiptHandle }]);
    assert.deepEqual(
      Failed.map(({ ReceiptHandle: handle, ErrorCode }) => [handle, ErrorCode]),
      [["absent", "InvalidArgumentException"]],
    );
  });
});
