import { type IncomingRecords, NO_PARTITION_KEY } from "../../src/records/incoming-records.ts";
import { hashPartitionKey, writeHashKey } from "../../src/streams/hash-keys/hash-key.ts";

export interface GivenRecord {
  readonly key?: string;
  /** Latin-1. */
  readonly data: string;
  readonly hashKey?: bigint;
}

/** Columns as a codec would fill them, with a gap of foreign bytes between all parts. */
export function incomingRecords(records: readonly GivenRecord[]): IncomingRecords {
  const count = records.length;
  const dataStart = new Uint32Array(count);
  const dataBytes = new Uint32Array(count);
  const keyStart = new Uint32Array(count);
  const keyBytes = new Uint16Array(count);
  const hashKeys = new Uint32Array(count * 4);
  const parts: Buffer[] = [Buffer.from("#")];
  let at = 1;
  const place = (bytes: Buffer): number => {
    const start = at;
    parts.push(bytes, Buffer.from("#"));
    at += bytes.length + 1;
    return start;
  };
  for (const [i, record] of records.entries()) {
    const data = Buffer.from(record.data, "latin1");
    dataStart[i] = place(data);
    dataBytes[i] = data.length;
    const key = Buffer.from(record.key ?? "");
    keyStart[i] = place(key);
    keyBytes[i] = record.key === undefined ? NO_PARTITION_KEY : key.length;
    if (record.hashKey === undefined) hashPartitionKey(key, 0, key.length, hashKeys, i * 4);
    else writeHashKey(record.hashKey, hashKeys, i * 4);
  }
  return { count, bytes: Buffer.concat(parts), dataStart, dataBytes, keyStart, keyBytes, hashKeys };
}
