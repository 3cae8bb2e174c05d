import type { RecordKind } from "../../queues/queue-calls.ts";
import type { ReceivedRecords } from "../../records/received-records.ts";
import { toKmsError } from "../kms-error.ts";
import type { OperationContext } from "../operation-context.ts";
import { requireServingQueue } from "../require-queue.ts";

/** Model, ReceiveQueueRecords. */
const recordsMaxDefault = 10;
const waitSecondsDefault = 9;

/** A response with more bytes of data waits until there is memory to make it. */
const smallBytesMax = 128 * 1024;
/** What making a response takes in memory, of its data: a copy of the data, and its base64 as text and as bytes. */
const memoryPart = 4;

interface ReceiveInput {
  readonly QueueARN: string;
  readonly Limit?: number;
  readonly WaitTimeSeconds?: number;
  readonly VisibilityTimeoutSeconds?: number;
}

/**
 * Takes visible records of a kind into flight as soon as there are some; none when the wait is over, the client leaves, the
 * queue is deleted or the server drains. Errors: ResourceNotFoundException, the KMS ones.
 */
export async function receiveRecords(
  kind: RecordKind,
  input: ReceiveInput,
  context: OperationContext,
): Promise<{ readonly QueueRecords: ReceivedRecords }> {
  const found = requireServingQueue(input.QueueARN, context);
  const { stream } = found.revision;
  const request = {
    kind,
    recordsMax: input.Limit ?? recordsMaxDefault,
    waitSeconds: input.WaitTimeSeconds ?? waitSecondsDefault,
    visibilitySeconds: input.VisibilityTimeoutSeconds,
    signal: context.connection.signal,
  };
  const received = await context.queues.receive(found, request).catch((error: unknown) => {
    throw toKmsError(error, { stream, caller: context.caller, use: "read" });
  });
  const { dataBytes, lease } = received.records;
  try {
    // Its records are in flight meanwhile: their timeouts run, as they do on the way to the client.
    if (dataBytes > smallBytesMax) await context.connection.admitLarge?.(dataBytes * memoryPart);
  } catch (error) {
    lease?.[Symbol.dispose]();
    throw error;
  }
  return { QueueRecords: received };
}
