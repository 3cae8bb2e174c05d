/** The way through the operations of queues: a record is worked off, another one fails until it is a dead letter. */
import assert from "node:assert/strict";
import type { Members } from "./api-client.ts";
import type { Walk } from "./walk.ts";

const absent = "ResourceNotFoundException";

interface Description {
  readonly QueueARN: string;
  readonly QueueStatus: string;
}

interface QueueRecord {
  readonly Data: string;
  readonly ReceiptHandle: string;
  readonly ReceiveCount: number;
}

/** The stream must be in on-demand mode. Leaves no queue behind. */
export async function walkQueues(walk: Walk, StreamName: string, StreamARN: string): Promise<void> {
  if (!walk.knows("CreateQueue")) return;
  const QueueARN = await walkControlPlane(walk, StreamARN);
  const absentArn = `${QueueARN}x`;
  const receive = async (operation: string, VisibilityTimeoutSeconds: number): Promise<QueueRecord> => {
    const output = await walk.expectOk(operation, {
      QueueARN,
      Limit: 1,
      WaitTimeSeconds: 20,
      VisibilityTimeoutSeconds,
    });
    const [record] = output["QueueRecords"] as readonly QueueRecord[];
    assert(record !== undefined, `${operation} gives a record`);
    return record;
  };
  const change = async (operation: string, entry: Members): Promise<void> => {
    const output = await walk.expectOk(operation, { QueueARN, Entries: [entry] });
    const { ReceiptHandle } = entry;
    assert.deepEqual(output, { Successful: [{ ReceiptHandle }], Failed: [] });
    await walk.refused(operation, { QueueARN: absentArn, Entries: [entry] }, absent);
  };

  await walk.ok("PutRecord", { StreamName, Data: "worked off", PartitionKey: "a" });
  const { ReceiptHandle, Data, ReceiveCount } = await receive("ReceiveQueueRecords", 30);
  assert.deepEqual([Data, ReceiveCount], ["worked off", 1]);
  await change("UpdateQueueRecordsVisibility", { ReceiptHandle, VisibilityTimeoutSeconds: 60 });
  await change("AcknowledgeQueueRecords", { ReceiptHandle });
  await walk.refused("ReceiveQueueRecords", { QueueARN: absentArn }, absent);

  await walk.ok("PutRecord", { StreamName, Data: "poison", PartitionKey: "a" });
  const fail = async (): Promise<QueueRecord> => {
    assert.equal((await receive("ReceiveQueueRecords", 0)).Data, "poison");
    assert.equal((await receive("ReceiveQueueRecords", 0)).ReceiveCount, 2);
    return await receive("ReceiveDeadLetterQueueRecords", 30);
  };
  const first = await fail();
  assert.deepEqual([first.Data, first.ReceiveCount], ["poison", 2]);
  const longer = { ReceiptHandle: first.ReceiptHandle, VisibilityTimeoutSeconds: 60 };
  await change("UpdateDeadLetterQueueRecordsVisibility", longer);
  await change("RestoreDeadLetterQueueRecords", { ReceiptHandle: first.ReceiptHandle });
  const second = await fail();
  await change("AcknowledgeDeadLetterQueueRecords", { ReceiptHandle: second.ReceiptHandle });
  await walk.refused("ReceiveDeadLetterQueueRecords", { QueueARN: absentArn }, absent);
  await walkEnd(walk, QueueARN);
}

/** Returns the ARN of an ACTIVE queue whose records may be received twice. */
async function walkControlPlane(walk: Walk, StreamARN: string): Promise<string> {
  const queue = { QueueName: "walked", StreamConfigurationList: [{ StreamARN }] };
  const created = describedIn(await walk.expectOk("CreateQueue", queue));
  const { QueueARN } = created;
  assert.equal(created.QueueStatus, "CREATING");
  assert.match(QueueARN, /^arn:aws:kinesis:[a-z0-9-]+:000000000000:queue\/[a-z0-9]{20}$/);
  await walk.refused("CreateQueue", queue, "ResourceInUseException");
  await untilActive(walk, QueueARN);
  await walk.refused("DescribeQueue", { QueueARN: `${QueueARN}x` }, absent);
  const DeadLetterConfiguration = { TargetType: "BUILT_IN", MaxReceiveCount: 2 };
  const update = { QueueARN, QueueAttributes: { DeadLetterConfiguration } };
  await walk.ok("UpdateQueue", update);
  await untilActive(walk, QueueARN);
  await walk.refused("UpdateQueue", { ...update, QueueARN: `${QueueARN}x` }, absent);
  await walk.answered("ListQueues", { StreamFilter: [{ StreamARN }] }, (output) => {
    const names = (output["QueueSummaries"] as readonly Members[]).map(({ QueueName }) => QueueName);
    assert.deepEqual(names, ["walked"]);
  });
  await walk.refused("ListQueues", { NextToken: "AAAA" }, "InvalidArgumentException");
  await walk.ok("TagResource", { ResourceARN: QueueARN, Tags: { a: "1" } });
  await walk.answered("ListTagsForResource", { ResourceARN: QueueARN }, (output) =>
    assert.deepEqual(output["Tags"], [{ Key: "a", Value: "1" }]),
  );
  return QueueARN;
}

async function walkEnd(walk: Walk, QueueARN: string): Promise<void> {
  await walk.ok("DeleteQueue", { QueueARN });
  await walk.untilRefused("DescribeQueue", { QueueARN }, absent);
  await walk.refused("DeleteQueue", { QueueARN }, absent);
}

async function untilActive(walk: Walk, QueueARN: string): Promise<void> {
  await walk.until("DescribeQueue", { QueueARN }, (output) => describedIn(output).QueueStatus === "ACTIVE");
}

function describedIn(output: Members): Description {
  return output["QueueDescription"] as Description;
}
