import type { EntriesOutput, QueueRecord } from "../api/shapes.ts";

/** Those that are still tried, or dead letters. */
export type RecordKind = "live" | "dead";

/** One delivery of a record to this page, and what became of it. */
export interface Delivery {
  readonly handle: string;
  readonly recordId: string;
  readonly partitionKey: string | undefined;
  readonly arrivalMs: number;
  readonly receiveCount: number;
  readonly dataBase64: string;
  /** Wall clock: until then no other receiver gets the record. */
  readonly untilMs: number;
  /** What was done with it; undefined while it is in flight. */
  readonly outcome?: string;
  /** Why the last action on it failed. */
  readonly fault?: string;
}

export interface RecordAction {
  readonly label: string;
  /** What it means. */
  readonly title: string;
  readonly outcome: string;
  readonly operation: string;
  /** Members of each entry besides its handle. */
  readonly more?: object;
}

const giveBack = { label: "Give back", outcome: "given back", more: { VisibilityTimeoutSeconds: 0 } } as const;

/** What a person can do with a record that this page has received. */
export const actionsOf: Readonly<Record<RecordKind, readonly RecordAction[]>> = {
  live: [
    {
      label: "Acknowledge",
      title: "It counts as done: no worker gets it any more",
      outcome: "acknowledged",
      operation: "AcknowledgeQueueRecords",
    },
    { ...giveBack, title: "Workers can receive it at once", operation: "UpdateQueueRecordsVisibility" },
  ],
  dead: [
    {
      label: "Restore",
      title: "It is an ordinary record again, as if it had never been received",
      outcome: "restored",
      operation: "RestoreDeadLetterQueueRecords",
    },
    { ...giveBack, title: "It stays a dead letter", operation: "UpdateDeadLetterQueueRecordsVisibility" },
  ],
};

/** The only action that cannot be undone by a later one; asked for twice. */
export const deleteDeadLetters: RecordAction = {
  label: "Delete",
  title: "What the stream has stays there until it expires",
  outcome: "deleted",
  operation: "AcknowledgeDeadLetterQueueRecords",
};

export function deliveryOf(record: QueueRecord, untilMs: number): Delivery {
  return {
    handle: record.ReceiptHandle,
    recordId: record.RecordId,
    partitionKey: record.PartitionKey,
    arrivalMs: Math.round(record.ApproximateArrivalTimestamp * 1000),
    receiveCount: record.ReceiveCount,
    dataBase64: record.Data,
    untilMs,
  };
}

/** What a page has received, the newest on top. A record that came again takes the place of its former delivery. */
export function withReceived(before: readonly Delivery[], received: readonly Delivery[]): readonly Delivery[] {
  const again = new Set(received.map(({ recordId }) => recordId));
  return [...received, ...before.filter(({ recordId }) => !again.has(recordId))];
}

/** The deliveries after a call about some of them. */
export function withOutcomes(
  before: readonly Delivery[],
  outcome: string,
  { Successful, Failed }: EntriesOutput,
): readonly Delivery[] {
  const done = new Set(Successful.map(({ ReceiptHandle }) => ReceiptHandle));
  const failed = new Map(Failed.map(({ ReceiptHandle, ErrorMessage }) => [ReceiptHandle, ErrorMessage]));
  return before.map((delivery) => {
    const { fault: _former, ...rest } = delivery;
    if (done.has(delivery.handle)) return { ...rest, outcome };
    const fault = failed.get(delivery.handle);
    return fault === undefined ? delivery : { ...rest, fault };
  });
}
