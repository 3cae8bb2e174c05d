import { isUtf8 } from "node:buffer";
import { forEachRecord } from "../../records/entry-layout.ts";
import type { StreamChannel } from "../../streams/stream.ts";
import type { AddedPage, RecordFault } from "../batch/content-maker.ts";

export type BucketFormat = Exclude<StreamChannel["format"], "GSR_JSON">;

const notUtf8: RecordFault = { code: "InvalidUtf8", message: "The data is not valid UTF-8." };
const notJson: RecordFault = { code: "InvalidJson", message: "The data is not valid JSON." };

export interface FormattedPage extends Pick<AddedPage, "recordCount" | "dataBytes" | "faults"> {
  /** The records one behind the other, as they stand in the object. */
  readonly bytes: Uint8Array;
}

const newline = 0x0a;

/**
 * The records of a page in their source format. JSON and STRING have a line feed behind each record that does not end with one;
 * BYTE_ARRAY has nothing between records. `page`: records in the layout of entries, which are overwritten by the result: a
 * record's header is longer than the line feed.
 */
export function formatPage(page: Uint8Array, format: BucketFormat): FormattedPage {
  const faults: [number, RecordFault][] = [];
  let length = 0;
  let number = 0;
  let dataBytes = 0;
  forEachRecord(page, 0, page.length, (_keyStart, _keyBytes, dataStart, recordBytes) => {
    const dataEnd = dataStart + recordBytes;
    dataBytes += recordBytes;
    const fault = faultOf(page.subarray(dataStart, dataEnd), format);
    if (fault !== undefined) faults.push([number, fault]);
    number += 1;
    if (fault !== undefined) return;
    page.copyWithin(length, dataStart, dataEnd);
    length += recordBytes;
    if (format !== "BYTE_ARRAY" && (recordBytes === 0 || page[length - 1] !== newline)) {
      page[length] = newline;
      length += 1;
    }
  });
  return { bytes: page.subarray(0, length), recordCount: number - faults.length, dataBytes, faults };
}

function faultOf(data: Uint8Array, format: BucketFormat): RecordFault | undefined {
  if (format === "BYTE_ARRAY") return undefined;
  if (!isUtf8(data)) return notUtf8;
  return format === "STRING" || isJson(data) ? undefined : notJson;
}

function isJson(data: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.length).toString("utf8"));
    return true;
  } catch {
    return false;
  }
}
