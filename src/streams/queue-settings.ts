import {
  maxReceiveCountNotExpected,
  maxReceiveCountRequired,
  oneStreamPerQueue,
  startTimestampNotExpected,
  startTimestampRequired,
} from "../model/queue-errors.ts";
import type { QueueAttributes, QueueStreamConfiguration } from "../model/shapes.generated.ts";
import type { StreamQueue } from "./stream.ts";

/** Model, VisibilityTimeoutSeconds: 30 where none was ever set. */
const visibilitySecondsDefault = 30;
/** Developer Guide, dead-letter records: BUILT_IN with 6 where nothing was ever set. */
const receiveCountMaxDefault = 6;

type Attributes = Pick<StreamQueue, "visibilitySeconds" | "receiveCountMax">;

/** The one stream of a new queue and where it begins. Errors: ValidationException. */
export function parseStreamConfigurations(configurations: readonly QueueStreamConfiguration[]): {
  readonly streamArn: string;
  readonly start: StreamQueue["start"];
} {
  const [only] = configurations;
  if (only === undefined || configurations.length > 1) throw oneStreamPerQueue(configurations.length);
  const { StreamARN: streamArn, StartingPosition: { Type: type, Timestamp: timeMs } = { Type: "LATEST" as const } } =
    only;
  if (type !== "AT_TIMESTAMP") {
    if (timeMs !== undefined) throw startTimestampNotExpected(type);
    return { streamArn, start: { type } };
  }
  if (timeMs === undefined) throw startTimestampRequired();
  return { streamArn, start: { type, timeMs } };
}

/**
 * The attributes with those that a request names; the others stay, or are the defaults for a new queue. A dead-letter
 * configuration is replaced as a whole. Errors: ValidationException.
 */
export function withAttributes(
  { VisibilityTimeoutSeconds, DeadLetterConfiguration }: QueueAttributes = {},
  present: Attributes = { visibilitySeconds: visibilitySecondsDefault, receiveCountMax: receiveCountMaxDefault },
): Attributes {
  const visibilitySeconds = VisibilityTimeoutSeconds ?? present.visibilitySeconds;
  const receiveCountMax =
    DeadLetterConfiguration === undefined ? present.receiveCountMax : receiveCountMaxOf(DeadLetterConfiguration);
  return { visibilitySeconds, ...(receiveCountMax === undefined ? {} : { receiveCountMax }) };
}

/** Undefined for NONE. */
function receiveCountMaxOf({
  TargetType,
  MaxReceiveCount,
}: NonNullable<QueueAttributes["DeadLetterConfiguration"]>): number | undefined {
  if (TargetType === "BUILT_IN") {
    if (MaxReceiveCount === undefined) throw maxReceiveCountRequired();
    return MaxReceiveCount;
  }
  if (MaxReceiveCount !== undefined) throw maxReceiveCountNotExpected();
  return undefined;
}

/**
 * From which time on the records of a stream are in its new queue: for LATEST from the queue's creation, else from the time
 * that was asked for, but not before the trim horizon.
 */
export function queueStartMs(
  { createdMs, start }: Pick<StreamQueue, "createdMs" | "start">,
  horizonMs: number,
): number {
  const wantedMs = start.type === "LATEST" ? createdMs : start.type === "AT_TIMESTAMP" ? (start.timeMs ?? 0) : 0;
  return Math.max(wantedMs, horizonMs);
}
