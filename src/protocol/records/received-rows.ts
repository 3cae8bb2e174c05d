import type { QueueRecord } from "../../model/shapes.generated.ts";
import { forEachRecord } from "../../records/entry-layout.ts";
import { NO_PARTITION_KEY } from "../../records/incoming-records.ts";
import type { ReceivedRecords } from "../../records/received-records.ts";
import { encodeSequenceNumber, SequenceNumberSeries } from "../../streams/positions/sequence-number.ts";

/** One record of a queue, in offsets into its entry. */
export interface ReceivedRow {
  readonly body: Buffer;
  readonly keyStart: number;
  /** `NO_PARTITION_KEY` when there is none. */
  readonly keyBytes: number;
  readonly dataStart: number;
  readonly dataBytes: number;
  /** Its sequence number. */
  readonly recordId: string;
  readonly arrivalMs: number;
  readonly receiptHandle: string;
  readonly firstReceiveSecond: number;
  readonly receiveCount: number;
}

export function forEachReceived(received: ReceivedRecords, visit: (row: ReceivedRow) => void): void {
  const { records, receiptHandles, receiveCounts, firstReceiveSeconds } = received;
  let index = 0;
  for (const { body: bytes, start, end, first, arrivalMs } of records.slices) {
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const numbers = new SequenceNumberSeries(encodeSequenceNumber(first));
    forEachRecord(body, start, end, (keyStart, keyBytes, dataStart, dataBytes) => {
      visit({
        body,
        keyStart,
        keyBytes,
        dataStart,
        dataBytes,
        recordId: numbers.next(),
        arrivalMs,
        receiptHandle: receiptHandles[index] ?? "",
        firstReceiveSecond: firstReceiveSeconds[index] ?? 0,
        receiveCount: receiveCounts[index] ?? 0,
      });
      index += 1;
    });
  }
}

/** As the model has them, for a codec that writes by shape. The data is a view of the memory behind the records. */
export function queueRecordsOf(received: ReceivedRecords): readonly QueueRecord[] {
  const rows: QueueRecord[] = [];
  forEachReceived(received, ({ body, keyStart, keyBytes, dataStart, dataBytes, ...row }) => {
    const hasKey = keyBytes !== NO_PARTITION_KEY;
    rows.push({
      ReceiptHandle: row.receiptHandle,
      RecordId: row.recordId,
      ...(hasKey ? { PartitionKey: body.toString("utf8", keyStart, keyStart + keyBytes) } : {}),
      Data: body.subarray(dataStart, dataStart + dataBytes),
      ApproximateArrivalTimestamp: row.arrivalMs,
      FirstReceiveTimestamp: row.firstReceiveSecond * 1000,
      ReceiveCount: row.receiveCount,
    });
  });
  return rows;
}
