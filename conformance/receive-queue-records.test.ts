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
import { base64 } from "./support/read-shard.ts";

describe("ReceiveQueueRecords", () => {
  const queue = suiteQueue();

  testInput(
    "ReceiveQueueRecords",
    { QueueARN: absentQueueArn },
    {
      QueueARN: { type: "String", required: true, min: 1, max: 2048, pattern: queueArnPattern },
      Limit: { type: "Integer", min: 1, max: 10 },
      WaitTimeSeconds: { type: "Integer", min: 1, max: 20 },
      VisibilityTimeoutSeconds: { type: "Integer", min: 0, max: 43200 },
    },
  );

  test("ReceiveQueueRecords refuses a queue that does not exist", async () => {
    await assertRefusedAs("ReceiveQueueRecords", { QueueARN: `${queue.arn}x` }, "ResourceNotFoundException");
  });

  test("ReceiveQueueRecords gives a record with its handle, id and counts, and not again while it is in flight", async () => {
    await putTexts(queue.stream.name, "one");
    const [record] = await receive(queue.arn, 1, { visibilitySeconds: 60 });
    assert.ok(record !== undefined);
    const { ReceiptHandle, RecordId, ApproximateArrivalTimestamp, FirstReceiveTimestamp, ...rest } = record;
    assert.ok(ReceiptHandle.length >= 1 && ReceiptHandle.length <= 1024);
    assert.match(RecordId, /^[a-z0-9]{1,64}$/);
    for (const time of [ApproximateArrivalTimestamp, FirstReceiveTimestamp]) {
      assert.ok(Math.abs(time - Date.now() / 1000) < 60, String(time));
    }
    assert.deepEqual(rest, { Data: base64("one"), PartitionKey: "key of one", ReceiveCount: 1 });
    assert.deepEqual(await receiveNow(queue.arn), []);
    await ok("AcknowledgeQueueRecords", { QueueARN: queue.arn, Entries: [{ ReceiptHandle }] });
  });

  test("ReceiveQueueRecords gives a record again when its visibility timeout is over, with another handle", async () => {
    await putTexts(queue.stream.name, "two");
    const [first] = await receive(queue.arn, 1, { visibilitySeconds: 1 });
    const [second] = await receive(queue.arn, 1);
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(second.ReceiveCount, 2);
    assert.equal(second.RecordId, first.RecordId);
    assert.equal(second.FirstReceiveTimestamp, first.FirstReceiveTimestamp);
    assert.notEqual(second.ReceiptHandle, first.ReceiptHandle);
    await ok("AcknowledgeQueueRecords", { QueueARN: queue.arn, Entries: entriesOf([second]) });
  });

  test("ReceiveQueueRecords gives ten records at most, and waits for one that is put meanwhile", async () => {
    const texts = Array.from({ length: 12 }, (_, i) => `many ${i}`);
    await putTexts(queue.stream.name, ...texts);
    const records = await receive(queue.arn, 12);
    assert.deepEqual(records.map(textOf).sort(), texts.toSorted());
    await ok("AcknowledgeQueueRecords", { QueueARN: queue.arn, Entries: entriesOf(records.slice(0, 10)) });
    await ok("AcknowledgeQueueRecords", { QueueARN: queue.arn, Entries: entriesOf(records.slice(10)) });
    const waiting = receive(queue.arn, 1);
    await putTexts(queue.stream.name, "late");
    const late = await waiting;
    assert.deepEqual(late.map(textOf), ["late"]);
    await ok("AcknowledgeQueueRecords", { QueueARN: queue.arn, Entries: entriesOf(late) });
  });
});
