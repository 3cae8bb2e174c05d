import { type BufferLease, messageBuffers } from "../../memory/buffer-pool.ts";
import { forEachRecord } from "../../records/entry-layout.ts";
import { NO_PARTITION_KEY } from "../../records/incoming-records.ts";
import type { ReceivedRecords } from "../../records/received-records.ts";
import { forEachReceived, type ReceivedRow } from "../records/received-rows.ts";
import { writeBase64, writeEscaped } from "./encode-outgoing-records.ts";
import { encodeSeconds } from "./json-encode.ts";

/** The longest escape of one byte: a control character as six. */
const escapedBytesMax = 6;
/** More than member names, punctuation, times, the handle, the count and the 56 digits of the record's id take. */
const rowFrameBytes = 384;
const listBytes = 32;

/**
 * The output of the two receiving operations, written from stored bytes as `encodeStructure()` would write it: members in
 * alphabetical order. Disposes of the memory behind the records.
 */
export function encodeReceivedRecords({ QueueRecords }: { readonly QueueRecords: ReceivedRecords }): BufferLease {
  const { records } = QueueRecords;
  try {
    const lease = messageBuffers.take(bytesMaxOf(QueueRecords));
    const out = lease.bytes;
    let end = out.write('{"QueueRecords":[', 0, "latin1");
    forEachReceived(QueueRecords, (row) => {
      end = writeRow(row, out, end);
    });
    // The last row's comma gives way to the end of the list.
    if (records.count > 0) end -= 1;
    end += out.write("]}", end, "latin1");
    return lease.trim(end);
  } finally {
    records.lease?.[Symbol.dispose]();
  }
}

function bytesMaxOf({ records }: ReceivedRecords): number {
  let bytes = listBytes;
  for (const { body, start, end } of records.slices) {
    forEachRecord(body, start, end, (_keyStart, keyBytes, _dataStart, dataBytes) => {
      const key = keyBytes === NO_PARTITION_KEY ? 0 : keyBytes * escapedBytesMax;
      bytes += rowFrameBytes + key + Math.ceil(dataBytes / 3) * 4;
    });
  }
  return bytes;
}

/** Returns the offset behind the row. */
function writeRow(row: ReceivedRow, out: Buffer, at: number): number {
  const { body, keyStart, keyBytes, dataStart, dataBytes } = row;
  const arrival = encodeSeconds(row.arrivalMs, false);
  let end = at + out.write(`{"ApproximateArrivalTimestamp":${arrival},"Data":"`, at, "latin1");
  end = writeBase64(body, dataStart, dataStart + dataBytes, out, end);
  const firstReceive = `","FirstReceiveTimestamp":${row.firstReceiveSecond}`;
  const rest = `"ReceiptHandle":"${row.receiptHandle}","ReceiveCount":${row.receiveCount},"RecordId":"${row.recordId}"},`;
  if (keyBytes === NO_PARTITION_KEY) return end + out.write(`${firstReceive},${rest}`, end, "latin1");
  end += out.write(`${firstReceive},"PartitionKey":"`, end, "latin1");
  end = writeEscaped(body, keyStart, keyBytes, out, end);
  return end + out.write(`",${rest}`, end, "latin1");
}
