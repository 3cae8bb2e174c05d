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

describe("ReceiveDeadLetterQueueRecords", () => {
  const queue = suiteQueue({
    extra: { QueueAttributes: { DeadLetterConfiguration: { TargetType: "BUILT_IN", MaxReceiveCount: 1 } } },
  });

  testInput(
    "ReceiveDeadLetterQueueRecords",
    { QueueARN: absentQueueArn },
    {
      QueueARN: { type: "String", required: true, min: 1, max: 2048, pattern: queueArnPattern },
      Limit: { type: "Integer", min: 1, max: 10 },
      WaitTimeSeconds: { type: "Integer", min: 1, max: 20 },
      VisibilityTimeoutSeconds: { type: "Integer", min: 0, max: 43200 },
    },
  );

  test("ReceiveDeadLetterQueueRecords refuses a queue that does not exist", async () => {
    await assertRefusedAs("ReceiveDeadLetterQueueRecords", { QueueARN: `${queue.arn}x` }, "ResourceNotFoundException");
  });

  test("ReceiveDeadLetterQueueRecords gives what was received too often, and ReceiveQueueRecords does not", async () => {
    await putTexts(queue.stream.name, "poison");
    const [tried] = await receive(queue.arn, 1, { visibilitySeconds: 0 });
    const [dead] = await receive(queue.arn, 1, { dead: true });
    assert.ok(tried !== undefined && dead !== undefined);
    assert.deepEqual([textOf(dead), dead.PartitionKey], ["poison", "key of poison"]);
    assert.equal(dead.RecordId, tried.RecordId);
    assert.equal(dead.ReceiveCount, 1);
    assert.deepEqual(await receiveNow(queue.arn), []);
    assert.deepEqual(await receiveNow(queue.arn, true), []);
    await ok("AcknowledgeDeadLetterQueueRecords", { QueueARN: queue.arn, Entries: entriesOf([dead]) });
  });
});
