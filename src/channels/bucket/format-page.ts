import { isUtf8 } from "node:buffer";
import { forEachRecord } from "../../records/entry-layout.ts";
import type { StreamChannel } from "../../streams/stream.ts";
import type { RecordPage } from "../batch/destination.ts";

export type BucketFormat = Exclude<StreamChannel["format"], "GSR_JSON">;

/** Why a record is not in an object. Part of the dead letters. */
export const recordFaults = {
  notUtf8: { code: "InvalidUtf8", message: "The data is not valid UTF-8." },
  notJson: { code: "InvalidJson", message: "The data is not valid JSON." },
} as const;
export type RecordFault = keyof typeof recordFaults;

export interface FormattedPage {
  /** The records one behind the other, as they stand in the object. */
  readonly bytes: Uint8Array;
  readonly recordCount: number;
  /** Bytes of data of all records, those with faults too. */
  readonly dataBytes: number;
}

const newline = 0x0a;

/**
 * The records of a page in their source format. JSON and STRING have a line feed behind each record that does not end with one;
 * BYTE_ARRAY has nothing between records. Calls back for each record with a fault, with its slice and its number in it.
 */
export function formatPage(
  { slices }: RecordPage,
  format: BucketFormat,
  faulty: (slice: RecordPage["slices"][number], index: number, fault: RecordFault) => void,
): FormattedPage {
  const bytesMax = slices.reduce((sum, { start, end, count }) => sum + end - start + count, 0);
  const bytes = Buffer.allocUnsafe(bytesMax);
  let length = 0;
  let recordCount = 0;
  let dataBytes = 0;
  for (const slice of slices) {
    const { body, start, end } = slice;
    let index = -1;
    forEachRecord(body, start, end, (_keyStart, _keyBytes, dataStart, recordBytes) => {
      index += 1;
      dataBytes += recordBytes;
      const data = body.subarray(dataStart, dataStart + recordBytes);
      const fault = faultOf(data, format);
      if (fault !== undefined) {
        faulty(slice, index, fault);
        return;
      }
      bytes.set(data, length);
      length += recordBytes;
      recordCount += 1;
      if (format !== "BYTE_ARRAY" && data[recordBytes - 1] !== newline) {
        bytes[length] = newline;
        length += 1;
      }
    });
  }
  return { bytes: bytes.subarray(0, length), recordCount, dataBytes };
}

function faultOf(data: Uint8Array, format: BucketFormat): RecordFault | undefined {
  if (format === "BYTE_ARRAY") return undefined;
  if (!isUtf8(data)) return "notUtf8";
  return format === "STRING" || isJson(data) ? undefined : "notJson";
}

function isJson(data: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.length).toString("utf8"));
    return true;
  } catch {
    return false;
  }
}
