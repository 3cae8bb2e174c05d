import type { Kinesis } from "@aws-sdk/client-kinesis";
import type { Command } from "commander";
import type { QueueRecord } from "../../../model/shapes.generated.ts";
import type { ConnectionOptions } from "../../client/connection.ts";
import { callNew, queues, resourceArnOf } from "../../client/named-resources.ts";
import { CommandError, exitCodes } from "../../output/command-error.ts";
import { formatOf, type OutputOptions, printRows } from "../../output/print-rows.ts";
import { note } from "../../output/progress.ts";
import { writeOut } from "../../output/stdout.ts";
import { printable } from "../../records/format-record.ts";
import { addConnectionOptions, addFormatOptions, defineCommand, runConnected, wholeNumber } from "../define-command.ts";

/** A record as JSON carries it. */
type ReceivedRecord = Omit<QueueRecord, "Data"> & { readonly Data: string };

interface ReceiveOutput {
  readonly QueueRecords: readonly ReceivedRecord[];
}

/** The answer of a call about several records; other members are left out. */
interface EntriesOutput {
  readonly Failed?: readonly {
    readonly ReceiptHandle: string;
    readonly ErrorCode: string;
    readonly ErrorMessage?: string;
  }[];
}

interface ReceiveOptions extends ConnectionOptions, OutputOptions {
  readonly limit: number;
  readonly wait: number;
  readonly visibility?: number;
  readonly ack?: boolean;
}

interface RestoreOptions extends ConnectionOptions {
  readonly all?: boolean;
}

/** The bounds of one call. */
const recordsMax = 10;
const waitSecondsMax = 20;

/** `receive` and `ack`, and `dead` and `restore` for dead letters. */
export function queueRecordCommands(): readonly Command[] {
  const receive = defineCommand({
    name: "receive <queue>",
    summary: "receive records, which are hidden from other workers for a time",
    description:
      "Receives up to ten records, and prints them with their receipt handles. They come again after the visibility " +
      "timeout unless they are acknowledged.",
    arguments: { queue: "name or ARN of the queue" },
    examples: ["millrace queue receive work", "millrace queue receive work -n 1 --json | jq -r '.[].receiptHandle'"],
  }).option("--ack", "acknowledge them once they are printed");
  const dead = defineCommand({
    name: "dead <queue>",
    summary: "receive dead letters",
    description:
      "Receives up to ten dead letters, and prints them with their receipt handles, which queue restore takes.",
    arguments: { queue: "name or ARN of the queue" },
    examples: ["millrace queue dead work --wait 1"],
  }).option("--ack", "discard them once they are printed");
  return [
    addReceive(receive, "ReceiveQueueRecords", "AcknowledgeQueueRecords"),
    addEntries("ack", "acknowledge received records", "AcknowledgeQueueRecords"),
    addReceive(dead, "ReceiveDeadLetterQueueRecords", "AcknowledgeDeadLetterQueueRecords"),
    restoreCommand(),
  ];
}

function addReceive(command: Command, operation: string, acknowledge: string): Command {
  command
    .option("-n, --limit <count>", "at most so many", wholeNumber(1, recordsMax), recordsMax)
    .option("--wait <seconds>", "how long to wait for the first one", wholeNumber(1, waitSecondsMax), waitSecondsMax)
    .option("--visibility <seconds>", "hide them for this time, not for that of the queue", wholeNumber(0, 43_200));
  addConnectionOptions(addFormatOptions(command));
  return runConnected<ReceiveOptions>(command, async ({ kinesis }, [queue = ""], options) => {
    const format = formatOf(options);
    const QueueARN = await resourceArnOf(kinesis, queues, queue);
    const { QueueRecords } = await callNew<ReceiveOutput>(kinesis, operation, {
      QueueARN,
      Limit: options.limit,
      WaitTimeSeconds: options.wait,
      VisibilityTimeoutSeconds: options.visibility,
    });
    if (format === "text") await writeOut(QueueRecords.map((record) => textOf(record, options.ack === true)).join(""));
    else await printRows(QueueRecords.map(rowOf), [], format);
    if (options.ack !== true || QueueRecords.length === 0) return exitCodes.done;
    return changeEntries(
      kinesis,
      acknowledge,
      QueueARN,
      QueueRecords.map(({ ReceiptHandle }) => ReceiptHandle),
    );
  });
}

function rowOf(record: ReceivedRecord) {
  return {
    recordId: record.RecordId,
    receiveCount: record.ReceiveCount,
    approximateArrivalTimestamp: new Date(record.ApproximateArrivalTimestamp * 1_000).toISOString(),
    partitionKey: record.PartitionKey,
    data: record.Data,
    receiptHandle: record.ReceiptHandle,
  };
}

/** The handle on a line of its own, because it is long; left out when it is of no more use. */
function textOf(
  { ReceiptHandle, ReceiveCount, PartitionKey = "", Data }: ReceivedRecord,
  isAcknowledged: boolean,
): string {
  const data = printable(Buffer.from(Data, "base64").toString());
  const handle = isAcknowledged ? "" : `  ${ReceiptHandle}\n`;
  return `${ReceiveCount}  ${printable(PartitionKey)}  ${data}\n${handle}`;
}

function addEntries(name: string, summary: string, operation: string): Command {
  const command = defineCommand({
    name: `${name} <queue> <handle...>`,
    summary,
    arguments: { queue: "name or ARN of the queue", handle: "receipt handles that queue receive has printed" },
    examples: [`millrace queue ${name} work "$HANDLE"`],
  });
  addConnectionOptions(command);
  return runConnected<ConnectionOptions>(command, async ({ kinesis }, [queue = "", ...handles]) =>
    changeEntries(kinesis, operation, await resourceArnOf(kinesis, queues, queue), handles),
  );
}

function restoreCommand(): Command {
  const command = defineCommand({
    name: "restore <queue> [handle...]",
    summary: "make dead letters ordinary records again",
    arguments: { queue: "name or ARN of the queue", handle: "receipt handles that queue dead has printed" },
    examples: [`millrace queue restore work "$HANDLE"`, "millrace queue restore work --all"],
  }).option("--all", "all dead letters");
  addConnectionOptions(command);
  return runConnected<RestoreOptions>(command, async ({ kinesis }, [queue = "", ...handles], { all }) => {
    if ((all === true) === handles.length > 0) throw new CommandError("give receipt handles of dead letters, or --all");
    const QueueARN = await resourceArnOf(kinesis, queues, queue);
    if (all !== true) return changeEntries(kinesis, "RestoreDeadLetterQueueRecords", QueueARN, handles);
    for (let restored = 0; ; ) {
      const input = { QueueARN, Limit: recordsMax, WaitTimeSeconds: 1 };
      const { QueueRecords } = await callNew<ReceiveOutput>(kinesis, "ReceiveDeadLetterQueueRecords", input);
      if (QueueRecords.length === 0) {
        note(`${restored} dead letters are ordinary records again`);
        return exitCodes.done;
      }
      const received = QueueRecords.map(({ ReceiptHandle }) => ReceiptHandle);
      const code = await changeEntries(kinesis, "RestoreDeadLetterQueueRecords", QueueARN, received);
      if (code !== exitCodes.done) return code;
      restored += received.length;
    }
  });
}

/** Ten at a time. Says which failed. */
async function changeEntries(
  kinesis: Kinesis,
  operation: string,
  QueueARN: string,
  handles: readonly string[],
): Promise<number> {
  let code: number = exitCodes.done;
  for (let first = 0; first < handles.length; first += recordsMax) {
    const Entries = handles.slice(first, first + recordsMax).map((ReceiptHandle) => ({ ReceiptHandle }));
    const { Failed = [] } = await callNew<EntriesOutput>(kinesis, operation, { QueueARN, Entries });
    for (const { ReceiptHandle, ErrorCode, ErrorMessage = "" } of Failed) {
      note(`${ReceiptHandle}: ${ErrorCode}: ${ErrorMessage}`);
      code = exitCodes.partly;
    }
  }
  return code;
}
