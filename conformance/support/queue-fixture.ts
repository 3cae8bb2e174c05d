import { after, before } from "node:test";
import { call, ok, refusalOf } from "./call.ts";
import type { QueueDescription, QueueRecord } from "./outputs.ts";
import { base64 } from "./read-shard.ts";
import { createStream, deleteStream, poll, uniqueName, untilActive } from "./stream-fixture.ts";
import type { Pace } from "./target.ts";

export const absentQueueArn = "arn:aws:kinesis:us-east-1:123456789012:queue/absent";

export interface QueueOptions {
  readonly pace?: Pace;
  /** More members of CreateQueue. */
  readonly extra?: object;
}

/** An ACTIVE queue on an on-demand stream of its own. Delete both with `deleteQueueAndStream`. */
export async function activeQueue(
  { pace, extra }: QueueOptions = {},
  StreamName?: string,
): Promise<QueueDescription & { readonly StreamName: string; readonly StreamARN: string }> {
  const paced = pace === undefined ? {} : { pace };
  const name = StreamName ?? (await createStream({ shards: "on-demand", ...paced }));
  const { StreamARN } = await untilActive(name, pace);
  const input = { QueueName: uniqueName("queue"), StreamConfigurationList: [{ StreamARN }], ...extra };
  const { QueueDescription } = await ok("CreateQueue", input, paced);
  return { ...(await untilQueueActive(QueueDescription.QueueARN, pace)), StreamName: name, StreamARN };
}

export async function untilQueueActive(QueueARN: string, pace?: Pace): Promise<QueueDescription> {
  const { QueueDescription } = await poll(
    () => ok("DescribeQueue", { QueueARN }, pace === undefined ? {} : { pace }),
    ({ QueueDescription: { QueueStatus } }) => QueueStatus === "ACTIVE",
    `${QueueARN} is ACTIVE`,
  );
  return QueueDescription;
}

export async function untilQueueGone(QueueARN: string, pace?: Pace): Promise<void> {
  await poll(
    () => call("DescribeQueue", { QueueARN }, pace === undefined ? {} : { pace }),
    (answer) => answer.status === 400 && refusalOf(answer).type === "ResourceNotFoundException",
    `${QueueARN} is gone`,
  );
}

/** Deletes all queues of a stream, and then the stream. */
export async function deleteQueuesAndStream(StreamName: string, StreamARN: string, pace?: Pace): Promise<void> {
  const paced = pace === undefined ? {} : { pace };
  const { QueueSummaries } = await ok("ListQueues", { StreamFilter: [{ StreamARN }] }, paced);
  for (const { QueueARN } of QueueSummaries) await call("DeleteQueue", { QueueARN }, paced);
  for (const { QueueARN } of QueueSummaries) await untilQueueGone(QueueARN, pace);
  await deleteStream(StreamName, pace);
}

/** An on-demand stream with one queue for all tests of the surrounding suite. */
export function suiteQueue(options: QueueOptions = {}): {
  readonly stream: { readonly name: string; readonly arn: string };
  readonly arn: string;
  readonly described: QueueDescription;
} {
  let made: Awaited<ReturnType<typeof activeQueue>> | undefined;
  before(async () => {
    made = await activeQueue(options);
  });
  after(async () => {
    if (made !== undefined) await deleteQueuesAndStream(made.StreamName, made.StreamARN, options.pace);
  });
  const queue = () => {
    if (made === undefined) throw new Error("the queue is made before the tests run");
    return made;
  };
  return {
    get stream() {
      return { name: queue().StreamName, arn: queue().StreamARN };
    },
    get arn() {
      return queue().QueueARN;
    },
    get described() {
      const { StreamName: _name, StreamARN: _arn, ...description } = queue();
      return description;
    },
  };
}

/** Puts texts, each under a partition key of its own. */
export async function putTexts(StreamName: string, ...texts: readonly string[]): Promise<void> {
  const Records = texts.map((text) => ({ Data: base64(text), PartitionKey: `key of ${text}` }));
  await ok("PutRecords", { StreamName, Records });
}

export interface ReceiveOptions {
  /** Default 30. */
  readonly visibilitySeconds?: number;
  readonly dead?: boolean;
}

/** Receives until there are `count` records; any more than that fails a test by their number. */
export async function receive(
  QueueARN: string,
  count: number,
  { visibilitySeconds = 30, dead = false }: ReceiveOptions = {},
): Promise<readonly QueueRecord[]> {
  const operation = dead ? "ReceiveDeadLetterQueueRecords" : "ReceiveQueueRecords";
  const input = { QueueARN, WaitTimeSeconds: 20, VisibilityTimeoutSeconds: visibilitySeconds };
  const records: QueueRecord[] = [];
  await poll(
    async () =>
      records.push(...(await ok(operation, { ...input, Limit: Math.min(10, count - records.length) })).QueueRecords),
    (received) => received >= count,
    `${count} records are received`,
  );
  return records;
}

/** What a receive gives within a second. */
export async function receiveNow(QueueARN: string, dead = false): Promise<readonly QueueRecord[]> {
  const operation = dead ? "ReceiveDeadLetterQueueRecords" : "ReceiveQueueRecords";
  return (await ok(operation, { QueueARN, WaitTimeSeconds: 1 })).QueueRecords;
}

export function textOf({ Data }: QueueRecord): string {
  return Buffer.from(Data, "base64").toString();
}

export function entriesOf(records: readonly QueueRecord[]): { readonly ReceiptHandle: string }[] {
  return records.map(({ ReceiptHandle }) => ({ ReceiptHandle }));
}
