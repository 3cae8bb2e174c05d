import { setTimeout as pause } from "node:timers/promises";
import type { Kinesis } from "@aws-sdk/client-kinesis";
import type {
  DescribeQueueOutput,
  ListQueuesOutput,
  QueueDescription,
  QueueRecord,
  QueueSummary,
} from "../../model/shapes.generated.ts";
import { CommandError } from "../output/command-error.ts";
import { callOperation } from "./call-operation.ts";

/** A record as JSON carries it. */
export type ReceivedRecord = Omit<QueueRecord, "Data"> & { readonly Data: string };

/** The answer of a call about several records; other members are left out. */
export interface EntriesOutput {
  readonly Failed?: readonly {
    readonly ReceiptHandle: string;
    readonly ErrorCode: string;
    readonly ErrorMessage?: string;
  }[];
}

const statusPollMs = 100;
const statusMsMax = 120_000;

/** An operation that the SDK may not know yet. */
export async function callQueues<Output>(kinesis: Kinesis, operation: string, input: object): Promise<Output> {
  const answer = await callOperation(kinesis, operation, JSON.stringify(input));
  return (answer === "" ? {} : JSON.parse(answer)) as Output;
}

export async function listQueues(kinesis: Kinesis): Promise<readonly QueueSummary[]> {
  const queues: QueueSummary[] = [];
  for (let input: object = {}; ; ) {
    const page = await callQueues<ListQueuesOutput>(kinesis, "ListQueues", input);
    queues.push(...page.QueueSummaries);
    if (page.NextToken === undefined) return queues;
    input = { NextToken: page.NextToken };
  }
}

/** Queues are called by ARN; people know their names. */
export async function queueArnOf(kinesis: Kinesis, queue: string): Promise<string> {
  if (queue.startsWith("arn:")) return queue;
  const found = (await listQueues(kinesis)).find(({ QueueName }) => QueueName === queue);
  if (found === undefined) throw new CommandError(`there is no queue ${queue}`);
  return found.QueueARN;
}

export async function describeQueue(kinesis: Kinesis, arn: string): Promise<QueueDescription> {
  return (await callQueues<DescribeQueueOutput>(kinesis, "DescribeQueue", { QueueARN: arn })).QueueDescription;
}

/** Resolves when the queue has the status; without a status when it is gone. */
export async function waitForQueue(kinesis: Kinesis, arn: string, status: string | undefined): Promise<void> {
  const endMs = performance.now() + statusMsMax;
  for (;;) {
    const present = (await listQueues(kinesis)).find(({ QueueARN }) => QueueARN === arn);
    if (present?.QueueStatus === status) return;
    if (performance.now() > endMs)
      throw new CommandError(`the queue ${arn} is ${present?.QueueStatus} after two minutes`);
    await pause(statusPollMs);
  }
}
