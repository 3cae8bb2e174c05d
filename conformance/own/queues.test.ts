import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs } from "../support/assert-refused.ts";
import { call, ok } from "../support/call.ts";
import {
  activeQueue,
  deleteQueuesAndStream,
  entriesOf,
  putTexts,
  receive,
  receiveNow,
  suiteQueue,
  textOf,
  untilQueueActive,
} from "../support/queue-fixture.ts";
import { uniqueName } from "../support/stream-fixture.ts";

type Codes = readonly (string | undefined)[];

/** The ErrorCode of each entry in the order of the request; undefined where it succeeded. */
async function codesOf(
  operation: string,
  input: { readonly QueueARN: string; readonly Entries: readonly object[] },
): Promise<Codes> {
  interface Results {
    readonly Successful: readonly object[];
    readonly Failed: readonly { readonly ReceiptHandle: string; readonly ErrorCode: string }[];
  }
  const answer = await call(operation, input);
  assert.equal(answer.status, 200, answer.text);
  const { Successful, Failed } = answer.body as Results;
  assert.equal(Successful.length + Failed.length, input.Entries.length);
  const codes = new Map(Failed.map(({ ReceiptHandle, ErrorCode }) => [ReceiptHandle, ErrorCode]));
  return input.Entries.map((entry) => codes.get((entry as { readonly ReceiptHandle: string }).ReceiptHandle));
}

const [notFound, invalid] = ["ResourceNotFoundException", "InvalidArgumentException"];

// Choices where nothing of the service is known. Each has a line in docs/compatibility.md, "Queues".
describe("What is our own choice of receipt handles", () => {
  const queue = suiteQueue();
  const other = suiteQueue();
  const acknowledge = (...Entries: readonly { readonly ReceiptHandle: string }[]) =>
    codesOf("AcknowledgeQueueRecords", { QueueARN: queue.arn, Entries });
  const change = ({ ReceiptHandle }: { readonly ReceiptHandle: string }, VisibilityTimeoutSeconds: number) => {
    const Entries = [{ ReceiptHandle, VisibilityTimeoutSeconds }];
    return codesOf("UpdateQueueRecordsVisibility", { QueueARN: queue.arn, Entries });
  };

  test("an acknowledgement may be repeated, in one call or in another", async () => {
    await putTexts(queue.stream.name, "repeated");
    const [entry] = entriesOf(await receive(queue.arn, 1));
    assert.ok(entry !== undefined);
    assert.deepEqual(await acknowledge(entry, entry), [undefined, undefined]);
    assert.deepEqual(await acknowledge(entry), [undefined]);
    assert.deepEqual(await change(entry, 60), [notFound]);
  });

  test("a handle whose time is over acknowledges until the record is received again, and extends nothing", async () => {
    await putTexts(queue.stream.name, "late");
    const [late] = entriesOf(await receive(queue.arn, 1));
    assert.ok(late !== undefined);
    await change(late, 0);
    assert.deepEqual(await change(late, 60), [notFound]);
    assert.deepEqual(await acknowledge(late), [undefined]);
    assert.deepEqual(await receiveNow(queue.arn), []);
    await putTexts(queue.stream.name, "again");
    const [older] = entriesOf(await receive(queue.arn, 1));
    await change(older ?? late, 0);
    const [newer] = entriesOf(await receive(queue.arn, 1));
    assert.ok(older !== undefined && newer !== undefined);
    assert.deepEqual(await change(older, 60), [notFound]);
    assert.deepEqual(await acknowledge(older, newer), [notFound, undefined]);
  });

  test("a handle is good for its own queue and its own kind of operation", async () => {
    await putTexts(queue.stream.name, "own");
    const Entries = entriesOf(await receive(queue.arn, 1));
    for (const [operation, QueueARN] of [
      ["AcknowledgeQueueRecords", other.arn],
      ["AcknowledgeDeadLetterQueueRecords", queue.arn],
      ["RestoreDeadLetterQueueRecords", queue.arn],
    ] as const) {
      assert.deepEqual(await codesOf(operation, { QueueARN, Entries }), [invalid], operation);
    }
    assert.deepEqual(await acknowledge(...Entries), [undefined]);
  });

  test("the last change of one record's visibility in a call holds", async () => {
    await putTexts(queue.stream.name, "twice");
    const [entry] = entriesOf(await receive(queue.arn, 1));
    const Entries = [600, 0].map((VisibilityTimeoutSeconds) => ({ ...entry, VisibilityTimeoutSeconds }));
    await ok("UpdateQueueRecordsVisibility", { QueueARN: queue.arn, Entries });
    const again = await receive(queue.arn, 1);
    assert.deepEqual(again.map(textOf), ["twice"]);
    assert.deepEqual(await acknowledge(...entriesOf(again)), [undefined]);
  });
});

describe("What is our own choice of dead letters", () => {
  const DeadLetterConfiguration = { TargetType: "BUILT_IN", MaxReceiveCount: 2 };
  const queue = suiteQueue({ extra: { QueueAttributes: { DeadLetterConfiguration } } });

  test("a record is a dead letter when its last timeout ends, and receiving it does not count", async () => {
    await putTexts(queue.stream.name, "poison");
    const [first] = await receive(queue.arn, 1, { visibilitySeconds: 0 });
    const [last] = await receive(queue.arn, 1, { visibilitySeconds: 0 });
    const [dead] = await receive(queue.arn, 1, { dead: true, visibilitySeconds: 0 });
    const [again] = await receive(queue.arn, 1, { dead: true });
    assert.ok(first !== undefined && last !== undefined && dead !== undefined && again !== undefined);
    assert.deepEqual(
      [first, last, dead, again].map((record) => record.ReceiveCount),
      [1, 2, 2, 2],
    );
    assert.equal(again.FirstReceiveTimestamp, first.FirstReceiveTimestamp);
    // The handle of its last try is of no use any more.
    const Entries = entriesOf([last]);
    const QueueARN = queue.arn;
    assert.deepEqual(await codesOf("AcknowledgeQueueRecords", { QueueARN, Entries }), [notFound]);
    const restored = entriesOf([again]);
    assert.deepEqual(await codesOf("RestoreDeadLetterQueueRecords", { QueueARN, Entries: restored }), [undefined]);
    assert.deepEqual(await codesOf("RestoreDeadLetterQueueRecords", { QueueARN, Entries: restored }), [undefined]);
    const [live] = await receive(queue.arn, 1);
    assert.ok(live !== undefined);
    assert.deepEqual([live.ReceiveCount, live.FirstReceiveTimestamp], [1, first.FirstReceiveTimestamp]);
    assert.deepEqual(await codesOf("RestoreDeadLetterQueueRecords", { QueueARN, Entries: restored }), [notFound]);
    await ok("AcknowledgeQueueRecords", { QueueARN, Entries: entriesOf([live]) });
  });

  test("with NONE records come again for ever, and dead letters stay what they are", async () => {
    const QueueARN = queue.arn;
    await putTexts(queue.stream.name, "dead");
    for (let tries = 0; tries < 2; tries++) await receive(QueueARN, 1, { visibilitySeconds: 0 });
    await receive(QueueARN, 1, { dead: true, visibilitySeconds: 0 });
    await ok("UpdateQueue", { QueueARN, QueueAttributes: { DeadLetterConfiguration: { TargetType: "NONE" } } });
    await untilQueueActive(QueueARN);
    await putTexts(queue.stream.name, "tried");
    for (let count = 1; count <= 4; count++) {
      const [record] = await receive(QueueARN, 1, { visibilitySeconds: 0 });
      assert.deepEqual([record && textOf(record), record?.ReceiveCount], ["tried", count]);
    }
    const dead = await receive(QueueARN, 1, { dead: true });
    assert.deepEqual(dead.map(textOf), ["dead"]);
  });
});

describe("What is our own choice of queues", () => {
  test("CreateQueue wants one stream, a time with AT_TIMESTAMP alone, and a receive count with BUILT_IN alone", async () => {
    const StreamARN = "arn:aws:kinesis:us-east-1:123456789012:stream/absent";
    const create = (StreamConfigurationList: readonly object[], QueueAttributes: object = {}) =>
      assertRefusedAs(
        "CreateQueue",
        { QueueName: uniqueName("queue"), StreamConfigurationList, QueueAttributes },
        "ValidationException",
      );
    await create([{ StreamARN }, { StreamARN }]);
    await create([{ StreamARN, StartingPosition: { Type: "AT_TIMESTAMP" } }]);
    await create([{ StreamARN, StartingPosition: { Type: "LATEST", Timestamp: 1 } }]);
    await create([{ StreamARN }], { DeadLetterConfiguration: { TargetType: "BUILT_IN" } });
    await create([{ StreamARN }], { DeadLetterConfiguration: { TargetType: "NONE", MaxReceiveCount: 1 } });
  });

  test("a queue begins at the time that it is given, at the oldest record, or with what comes next", async () => {
    const first = await activeQueue();
    const { StreamName, StreamARN } = first;
    try {
      await putTexts(StreamName, "before");
      const starts = [
        { Type: "TRIM_HORIZON" },
        { Type: "AT_TIMESTAMP", Timestamp: Date.now() / 1000 - 3600 },
        undefined,
      ];
      const arns: string[] = [];
      for (const StartingPosition of starts) {
        const StreamConfigurationList = [{ StreamARN, ...(StartingPosition && { StartingPosition }) }];
        arns.push((await activeQueue({ extra: { StreamConfigurationList } }, StreamName)).QueueARN);
      }
      await putTexts(StreamName, "after");
      const found: string[][] = [];
      for (const [i, arn] of arns.entries()) found.push((await receive(arn, i === 2 ? 1 : 2)).map(textOf).sort());
      assert.deepEqual(found, [["after", "before"], ["after", "before"], ["after"]]);
      const ids = await Promise.all([receive(first.QueueARN, 2)]);
      assert.equal(new Set(ids[0]?.map(({ RecordId }) => RecordId)).size, 2);
    } finally {
      await deleteQueuesAndStream(StreamName, StreamARN);
    }
  });
});
