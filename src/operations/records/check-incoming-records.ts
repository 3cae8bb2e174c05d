import { hashKeyOutOfRange, partitionKeyMissing, recordsTooLarge, recordTooLarge } from "../../model/record-errors.ts";
import { type IncomingRecords, NO_PARTITION_KEY } from "../../records/incoming-records.ts";
import type { Stream } from "../../streams/stream.ts";

/** API reference, PutRecords: 10 MiB for the entire request, partition keys included. */
const requestRecordBytesMax = 10 * 1024 * 1024;

/**
 * The rules for records that need the stream: key present, explicit hash key within range, size within the stream's
 * maximum. Any breach refuses the whole request.
 */
export function checkIncomingRecords(
  records: IncomingRecords,
  stream: Stream,
  operation: "PutRecord" | "PutRecords",
): void {
  const recordBytesMax = stream.recordKiBMax * 1024;
  let totalBytes = 0;
  for (let i = 0; i < records.count; i++) {
    const index = operation === "PutRecords" ? i : undefined;
    const keyBytes = records.keyBytes[i] ?? 0;
    const hasKey = keyBytes !== NO_PARTITION_KEY;
    if (!hasKey && stream.recordDistribution !== "AUTO") throw partitionKeyMissing(index);
    const recordBytes = (records.dataBytes[i] ?? 0) + (hasKey ? keyBytes : 0);
    if (recordBytes > recordBytesMax) throw recordTooLarge(recordBytesMax, index);
    totalBytes += recordBytes;
  }
  if (records.hashKeyOutOfRange !== undefined) throw hashKeyOutOfRange(records.hashKeyOutOfRange);
  if (totalBytes > requestRecordBytesMax) throw recordsTooLarge();
}
