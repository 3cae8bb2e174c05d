import { type QueueFigures, queueFigures } from "../api/console-data.ts";
import { kinesis } from "../api/kinesis.ts";
import { listAll } from "../api/list-all.ts";
import type { QueueDescription, QueueSummary } from "../api/shapes.ts";

/** A queue with its counts; undefined where this server has handed out none of its records since its start. */
export interface CountedQueue {
  readonly queue: QueueSummary;
  readonly figures: QueueFigures | undefined;
}

/** All queues of the caller, by name. Errors: KinesisError. */
export async function listQueues(): Promise<readonly CountedQueue[]> {
  const [queues, figures] = await Promise.all([listAll<QueueSummary>("ListQueues", "QueueSummaries"), queueFigures()]);
  return queues.map((queue) => ({ queue, figures: figures[lastOf(queue.QueueARN)] }));
}

export interface DescribedQueue {
  readonly queue: QueueDescription;
  readonly figures: QueueFigures | undefined;
}

/** Errors: KinesisError. */
export async function describeQueue(QueueARN: string): Promise<DescribedQueue> {
  const [{ QueueDescription: queue }, figures] = await Promise.all([
    kinesis<{ QueueDescription: QueueDescription }>("DescribeQueue", { QueueARN }),
    queueFigures(),
  ]);
  return { queue, figures: figures[lastOf(QueueARN)] };
}

export function deadLetterCount(figures: QueueFigures): number {
  return figures.visibleDeadLetterCount + figures.inFlightDeadLetterCount;
}

/** The name of a stream, or the id of a queue: what an ARN ends with. */
export function lastOf(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}
