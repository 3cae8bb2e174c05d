import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { activeOnDemandArn, call } from "./kinesis-call.ts";

export interface QueueRecord {
  readonly ReceiptHandle: string;
  readonly Data: string;
  readonly ReceiveCount: number;
}

export interface Received {
  readonly QueueRecords: readonly QueueRecord[];
}

export interface EntryResults {
  readonly Successful: readonly { readonly ReceiptHandle: string }[];
  readonly Failed: readonly { readonly ReceiptHandle: string; readonly ErrorCode: string }[];
}

interface Described {
  readonly QueueDescription: { readonly QueueARN: string; readonly QueueStatus: string };
}

const activeMsMax = 60_000;

/** The ARN of a queue with all records of a new on-demand stream of this name, once it is ACTIVE. */
export async function activeQueueArn(endpoint: string, StreamName: string, attributes: object = {}): Promise<string> {
  const StreamARN = await activeOnDemandArn(endpoint, StreamName);
  const { QueueDescription } = await call<Described>(endpoint, "CreateQueue", {
    QueueName: `${StreamName}-work`,
    StreamConfigurationList: [{ StreamARN, StartingPosition: { Type: "TRIM_HORIZON" } }],
    QueueAttributes: attributes,
  });
  const { QueueARN } = QueueDescription;
  const startMs = performance.now();
  for (;;) {
    const described = await call<Described>(endpoint, "DescribeQueue", { QueueARN });
    if (described.QueueDescription.QueueStatus === "ACTIVE") return QueueARN;
    assert(performance.now() - startMs < activeMsMax, "the queue does not become ACTIVE");
    await pause(5);
  }
}

/** Receives until so many records have come. With several endpoints each receive goes to the next one in turn. */
export async function receiveFromQueue(
  endpoints: string | readonly string[],
  QueueARN: string,
  count: number,
): Promise<readonly QueueRecord[]> {
  const records: QueueRecord[] = [];
  const turns = [endpoints].flat();
  for (let turn = 0; records.length < count; turn += 1) {
    const input = { QueueARN, WaitTimeSeconds: 20 };
    const endpoint = turns[turn % turns.length] as string;
    records.push(...(await call<Received>(endpoint, "ReceiveQueueRecords", input)).QueueRecords);
  }
  return records;
}

/** Acknowledges any number of records. */
export async function acknowledgeAll(
  endpoint: string,
  QueueARN: string,
  records: readonly QueueRecord[],
): Promise<void> {
  for (let from = 0; from < records.length; from += 10) {
    const Entries = entriesOf(records.slice(from, from + 10));
    const { Failed } = await call<EntryResults>(endpoint, "AcknowledgeQueueRecords", { QueueARN, Entries });
    assert.deepEqual(Failed, []);
  }
}

export function entriesOf(
  records: readonly Pick<QueueRecord, "ReceiptHandle">[],
): readonly Pick<QueueRecord, "ReceiptHandle">[] {
  return records.map(({ ReceiptHandle }) => ({ ReceiptHandle }));
}
