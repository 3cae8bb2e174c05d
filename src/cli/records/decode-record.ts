import { gunzipSync } from "node:zlib";
import { deaggregate } from "./deaggregate.ts";
import type { StreamRecord } from "./stream-record.ts";

/** A record holds at most 10 MiB; text shrinks to a hundredth at best. A bomb beyond that stays compressed. */
const unzippedBytesMax = 256 * 1024 * 1024;

/** The records in one record: those that a producer library aggregated, each unzipped if it is gzip. */
export function decodeRecord(record: StreamRecord): readonly StreamRecord[] {
  const parts = deaggregate(record.data);
  if (parts === undefined) return [{ ...record, data: unzip(record.data) }];
  return parts.map(({ partitionKey, explicitHashKey, data }, subSequenceNumber) => ({
    ...record,
    subSequenceNumber,
    partitionKey,
    ...(explicitHashKey === undefined ? {} : { explicitHashKey }),
    data: unzip(data),
  }));
}

function unzip(data: Uint8Array): Uint8Array {
  if (data[0] !== 0x1f || data[1] !== 0x8b) return data;
  try {
    return gunzipSync(data, { maxOutputLength: unzippedBytesMax });
  } catch {
    // Data that only begins like gzip is shown as it is.
    return data;
  }
}
