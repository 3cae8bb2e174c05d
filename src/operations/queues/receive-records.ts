import type { QueueRecord } from "../../model/shapes.generated.ts";
import type { ReceivedRecords, RecordKind } from "../../queues/queue-calls.ts";
import { forEachRecord } from "../../records/entry-layout.ts";
import { NO_PARTITION_KEY } from "../../records/incoming-records.ts";
import { encodeSequenceNumber, SequenceNumberSeries } from "../../streams/positions/sequence-number.ts";
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
): Promise<{ readonly QueueRecords: readonly QueueRecord[] }> {
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
  try {
    // Its records are in flight meanwhile: their timeouts run, as they do on the way to the client.
    const { dataBytes } = received.records;
    if (dataBytes > smallBytesMax) await context.connection.admitLarge?.(dataBytes * memoryPart);
    return { QueueRecords: rowsOf(received) };
  } finally {
    received.records.lease?.[Symbol.dispose]();
  }
}

/** The data is copied, so that the memory behind the records can be given back. */
function rowsOf({ records, receiptHandles, receiveCounts, firstReceiveSeconds }: ReceivedRecords): QueueRecord[] {
  const rows: QueueRecord[] = [];
  for (const { body, start, end, first, arrivalMs } of records.slices) {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const numbers = new SequenceNumberSeries(encodeSequenceNumber(first));
    forEachRecord(body, start, end, (keyStart, keyBytes, dataStart, dataBytes) => {
      const row = rows.length;
      const hasKey = keyBytes !== NO_PARTITION_KEY;
      rows.push({
        ReceiptHandle: receiptHandles[row] ?? "",
        RecordId: numbers.next(),
        ...(hasKey ? { PartitionKey: bytes.toString("utf8", keyStart, keyStart + keyBytes) } : {}),
        Data: Buffer.from(bytes.subarray(dataStart, dataStart + dataBytes)),
        ApproximateArrivalTimestamp: arrivalMs,
        FirstReceiveTimestamp: (firstReceiveSeconds[row] ?? 0) * 1000,
        ReceiveCount: receiveCounts[row] ?? 0,
      });
    });
  }
  return rows;
}
