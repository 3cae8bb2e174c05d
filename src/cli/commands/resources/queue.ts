import type { Command } from "commander";
import type { CreateQueueOutput, DescribeQueueOutput } from "../../../model/shapes.generated.ts";
import type { ConnectionOptions } from "../../client/connection.ts";
import { callNew, queues, resourceArnOf, waitForResource } from "../../client/named-resources.ts";
import { CommandError, exitCodes } from "../../output/command-error.ts";
import { formatOf, type OutputOptions, printObject } from "../../output/print-rows.ts";
import { note } from "../../output/progress.ts";
import { parseStart } from "../../records/start-position.ts";
import { addConnectionOptions, addFormatOptions, defineCommand, runConnected, wholeNumber } from "../define-command.ts";
import { queueRecordCommands } from "./queue-records.ts";
import { listCommand, removeCommand, resourceCommand } from "./resource-commands.ts";

export function queueCommand(): Command {
  return resourceCommand(
    {
      name: "queue",
      summary: "make queues on streams, receive and acknowledge their records",
      description:
        "Queues hand the records of an on-demand stream out to workers that compete for them; see docs/queues.md. " +
        "A queue is given by its name or ARN.",
      examples: ["millrace queue create work orders", "millrace queue receive work"],
    },
    [
      createCommand(),
      listCommand(queues),
      describeCommand(),
      ...queueRecordCommands(),
      removeCommand(queues, {
        what: "a queue with its dead letters; the stream stays",
        example: "millrace queue rm work",
      }),
    ],
  );
}

interface CreateOptions extends ConnectionOptions {
  readonly from: string;
  readonly visibility?: number;
  readonly maxReceives?: number;
}

function createCommand(): Command {
  const command = defineCommand({
    name: "create <queue> <stream>",
    summary: "make a queue on a stream, and wait until it is ACTIVE",
    arguments: { queue: "name of the new queue", stream: "a stream in on-demand mode" },
    examples: ["millrace queue create work orders", "millrace queue create work orders --from oldest --max-receives 3"],
  })
    .option("--from <start>", "now, oldest, an age such as 5m, or a time such as 2026-11-30T14:00:00Z", "now")
    .option("--visibility <seconds>", "how long a received record is hidden from other workers", wholeNumber(0, 43_200))
    .option("--max-receives <count>", "a record received so often is a dead letter", wholeNumber(1, 1_000));
  addConnectionOptions(command);
  return runConnected<CreateOptions>(command, async ({ kinesis }, [queue = "", stream = ""], options) => {
    const { StreamDescriptionSummary: summary } = await kinesis.describeStreamSummary({ StreamName: stream });
    const dead = { TargetType: "BUILT_IN", MaxReceiveCount: options.maxReceives };
    const { QueueDescription: made } = await callNew<CreateQueueOutput>(kinesis, "CreateQueue", {
      QueueName: queue,
      StreamConfigurationList: [{ StreamARN: summary?.StreamARN, ...startingPosition(options.from) }],
      QueueAttributes: {
        VisibilityTimeoutSeconds: options.visibility,
        ...(options.maxReceives === undefined ? {} : { DeadLetterConfiguration: dead }),
      },
    });
    await waitForResource(kinesis, queues, { arn: made.QueueARN, status: "ACTIVE" });
    note(`the queue ${queue} is ACTIVE`);
    return exitCodes.done;
  });
}

/** Without a position a queue begins with what arrives after its creation. */
function startingPosition(from: string): object {
  const start = parseStart(from, "--from", Date.now());
  if (start.kind === "now") return {};
  if (start.kind === "oldest") return { StartingPosition: { Type: "TRIM_HORIZON" } };
  if (start.kind === "time") return { StartingPosition: { Type: "AT_TIMESTAMP", Timestamp: start.ms / 1_000 } };
  throw new CommandError("--from: a queue begins at a time, not at a sequence number");
}

function describeCommand(): Command {
  const command = defineCommand({
    name: "describe <queue>",
    summary: "print the state of a queue",
    arguments: { queue: "name or ARN of the queue" },
    examples: ["millrace queue describe work"],
  });
  addConnectionOptions(addFormatOptions(command));
  return runConnected<ConnectionOptions & OutputOptions>(command, async ({ kinesis }, [queue = ""], options) => {
    const input = { QueueARN: await resourceArnOf(kinesis, queues, queue) };
    const { QueueDescription: description } = await callNew<DescribeQueueOutput>(kinesis, "DescribeQueue", input);
    const { QueueName, QueueARN, QueueStatus, QueueCreationTimestamp, QueueAttributes, StreamConfigurationList } =
      description;
    await printObject(
      {
        queue: QueueName,
        arn: QueueARN,
        status: QueueStatus,
        created: new Date(QueueCreationTimestamp * 1_000).toISOString(),
        streams: StreamConfigurationList.map(({ StreamARN }) => StreamARN),
        visibilitySeconds: QueueAttributes?.VisibilityTimeoutSeconds,
        maxReceives: QueueAttributes?.DeadLetterConfiguration?.MaxReceiveCount,
      },
      formatOf(options),
    );
    return exitCodes.done;
  });
}
