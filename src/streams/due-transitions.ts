import type { Stream, StreamConsumer } from "./stream.ts";

/** The next state change of a stream, its consumers, queues or channels, and when it is due, ms since the epoch. */
export interface StreamTransition {
  readonly kind: "intent" | "consumers" | "queues" | "channels";
  readonly dueMs: number;
}

/** The earliest of the intent and the transitions of consumers, queues and channels; undefined when there is none. */
export function nextDueTransition({
  intent,
  consumers = [],
  queues = [],
  channels = [],
}: Stream): StreamTransition | undefined {
  let next: StreamTransition | undefined = intent === undefined ? undefined : { kind: "intent", dueMs: intent.dueMs };
  const take = (kind: StreamTransition["kind"], dueMs: number | undefined): void => {
    if (dueMs !== undefined && (next === undefined || dueMs < next.dueMs)) next = { kind, dueMs };
  };
  for (const { dueMs } of consumers) take("consumers", dueMs);
  for (const { dueMs } of queues) take("queues", dueMs);
  for (const { dueMs } of channels) take("channels", dueMs);
  return next;
}

/** The stream after all due transitions of its consumers: CREATING to ACTIVE, DELETING to removed. */
export function completeDueConsumerTransitions(stream: Stream, nowMs: number): Stream {
  const consumers: StreamConsumer[] = [];
  let secondUsed = stream.consumerSecondUsed ?? 0;
  for (const consumer of stream.consumers ?? []) {
    if (consumer.dueMs === undefined || consumer.dueMs > nowMs) {
      consumers.push(consumer);
    } else if (consumer.status === "CREATING") {
      const { dueMs: _done, ...settled } = consumer;
      consumers.push({ ...settled, status: "ACTIVE" });
    } else {
      secondUsed = Math.max(secondUsed, Math.floor(consumer.createdMs / 1000));
    }
  }
  return { ...stream, consumers, ...(secondUsed === 0 ? {} : { consumerSecondUsed: secondUsed }) };
}
