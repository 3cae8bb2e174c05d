import { md5 } from "@noble/hashes/legacy.js";
import { fromUtf8 } from "./bytes.ts";
import { type ProtobufField, readFields } from "./protobuf.ts";

/** One of the records that the Kinesis Producer Library has packed into one record. */
export interface KplRecord {
  readonly partitionKey: string;
  readonly explicitHashKey?: string;
  readonly data: Uint8Array;
}

/** KPL, "Aggregation format": these bytes, a Protocol Buffers message, and the MD5 of the message. */
const magic = Uint8Array.of(0xf3, 0x89, 0x9a, 0xc2);
const digestBytes = 16;
/** Base64 of any text that begins with the magic number begins so. */
const magicBase64 = "84maw";

/** Whether data in base64 may be an aggregate: cheap enough to ask of each record. */
export function mayBeAggregate(dataBase64: string): boolean {
  return dataBase64.startsWith(magicBase64);
}

/**
 * The records of an aggregate in the order of their sub-sequence numbers 0, 1, 2 …; undefined when the bytes are none: a
 * record may begin with the magic number by chance, so the digest decides.
 */
export function readAggregate(bytes: Uint8Array): readonly KplRecord[] | undefined {
  if (bytes.length < magic.length + digestBytes || !magic.every((byte, i) => bytes[i] === byte)) return undefined;
  const message = bytes.subarray(magic.length, -digestBytes);
  const digest = bytes.subarray(-digestBytes);
  if (!md5(message).every((byte, i) => digest[i] === byte)) return undefined;
  const fields = readFields(message);
  if (fields === undefined) return undefined;
  const keys = textsOf(fields, 1);
  const hashKeys = textsOf(fields, 2);
  const records: KplRecord[] = [];
  for (const { number, value } of fields) {
    if (number !== 3 || !(value instanceof Uint8Array)) continue;
    const record = readRecord(value, keys, hashKeys);
    if (record === undefined) return undefined;
    records.push(record);
  }
  return records;
}

/** The repeated text field of a number: a table that records refer to by index. */
function textsOf(fields: readonly ProtobufField[], number: number): readonly string[] {
  return fields.flatMap((field) =>
    field.number === number && field.value instanceof Uint8Array ? [fromUtf8(field.value) ?? ""] : [],
  );
}

function readRecord(bytes: Uint8Array, keys: readonly string[], hashKeys: readonly string[]): KplRecord | undefined {
  const fields = readFields(bytes);
  if (fields === undefined) return undefined;
  const index = (number: number): number | undefined => {
    const value = fields.find((field) => field.number === number)?.value;
    return typeof value === "bigint" ? Number(value) : undefined;
  };
  const data = fields.find(({ number }) => number === 3)?.value;
  const partitionKey = keys[index(1) ?? -1];
  if (partitionKey === undefined || !(data instanceof Uint8Array)) return undefined;
  const explicitHashKey = hashKeys[index(2) ?? -1];
  return { partitionKey, data, ...(explicitHashKey === undefined ? {} : { explicitHashKey }) };
}
