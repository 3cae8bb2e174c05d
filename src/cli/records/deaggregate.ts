/**
 * Takes apart what the Kinesis Producer Library puts together: four magic bytes, a protobuf message of keys, hash keys and
 * records, and the MD5 of the message. Its format is that of "KPL Aggregated Record Format" in the documentation of the
 * library.
 */
import { createHash } from "node:crypto";

export interface AggregatedPart {
  readonly partitionKey: string;
  readonly explicitHashKey: string | undefined;
  readonly data: Uint8Array;
}

const magic = Buffer.from([0xf3, 0x89, 0x9a, 0xc2]);
const digestBytes = 16;
/** The number of a field in the message, and in the message of one record. */
const field = { partitionKeys: 1, explicitHashKeys: 2, records: 3 } as const;
const recordField = { partitionKeyIndex: 1, explicitHashKeyIndex: 2, data: 3 } as const;

/** Undefined if the data is no whole aggregated record; then it is the data of one record. */
export function deaggregate(data: Uint8Array): readonly AggregatedPart[] | undefined {
  if (data.length <= magic.length + digestBytes || !magic.equals(data.subarray(0, magic.length))) return undefined;
  const message = data.subarray(magic.length, data.length - digestBytes);
  const digest = createHash("md5").update(message).digest();
  if (!digest.equals(data.subarray(data.length - digestBytes))) return undefined;
  try {
    return partsOf(message);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function partsOf(message: Uint8Array): readonly AggregatedPart[] {
  const fields = readFields(message);
  const texts = (number: number) =>
    fields.filter((each) => each.number === number).map(({ bytes }) => Buffer.from(bytes).toString("utf8"));
  const [partitionKeys, hashKeys] = [texts(field.partitionKeys), texts(field.explicitHashKeys)];
  return fields
    .filter(({ number }) => number === field.records)
    .map(({ bytes }) => {
      const record = readFields(bytes);
      const find = (number: number) => record.find((each) => each.number === number);
      const partitionKey = partitionKeys[find(recordField.partitionKeyIndex)?.value ?? 0];
      if (partitionKey === undefined) throw new RangeError("an index beyond the table of keys");
      const hashKeyIndex = find(recordField.explicitHashKeyIndex)?.value;
      const explicitHashKey = hashKeyIndex === undefined ? undefined : hashKeys[hashKeyIndex];
      return { partitionKey, explicitHashKey, data: find(recordField.data)?.bytes ?? new Uint8Array() };
    });
}

interface Field {
  readonly number: number;
  /** What a varint holds; 0 for a field with a length. */
  readonly value: number;
  /** What a field with a length holds; empty for a varint. */
  readonly bytes: Uint8Array;
}

/** The fields of a protobuf message. Throws RangeError if it is not one. */
function readFields(message: Uint8Array): readonly Field[] {
  const fields: Field[] = [];
  const none = new Uint8Array();
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++];
      if (byte === undefined || shift > 2 ** 49) throw new RangeError("a number without an end");
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = readVarint();
    const [number, wireType] = [Math.floor(tag / 8), tag & 7];
    if (wireType === 0) fields.push({ number, value: readVarint(), bytes: none });
    else if (wireType === 2) {
      const length = readVarint();
      if (at + length > message.length) throw new RangeError("a field beyond the end");
      fields.push({ number, value: 0, bytes: message.subarray(at, at + length) });
      at += length;
    } else throw new RangeError("a field of a type that the format does not have");
  }
  return fields;
}
