/** One field of a message, without a schema: a number, or bytes that may be a text or a message. */
export interface ProtobufField {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

const varintBytesMax = 10;

/** Reads a varint; undefined past the end or when it is too long. */
function readVarint(bytes: Uint8Array, start: number): { readonly value: bigint; readonly next: number } | undefined {
  let value = 0n;
  for (let at = start; at < bytes.length && at < start + varintBytesMax; at++) {
    const byte = bytes[at] as number;
    value |= BigInt(byte & 0x7f) << BigInt(7 * (at - start));
    if (byte < 0x80) return { value, next: at + 1 };
  }
  return undefined;
}

/** The fields of a Protocol Buffers message in order; undefined when the bytes are no message to their last byte. */
export function readFields(bytes: Uint8Array): readonly ProtobufField[] | undefined {
  const fields: ProtobufField[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at);
    if (tag === undefined) return undefined;
    const number = Number(tag.value >> 3n);
    if (number === 0 || number > 536_870_911) return undefined;
    const read = readValue(bytes, tag.next, Number(tag.value & 7n));
    if (read === undefined) return undefined;
    fields.push({ number, value: read.value });
    at = read.next;
  }
  return fields;
}

function readValue(
  bytes: Uint8Array,
  at: number,
  wireType: number,
): { readonly value: bigint | Uint8Array; readonly next: number } | undefined {
  if (wireType === 0) return readVarint(bytes, at);
  if (wireType === 1 || wireType === 5) {
    const next = at + (wireType === 1 ? 8 : 4);
    return next > bytes.length ? undefined : { value: bytes.subarray(at, next), next };
  }
  if (wireType !== 2) return undefined;
  const length = readVarint(bytes, at);
  if (length === undefined || length.value > BigInt(bytes.length - length.next)) return undefined;
  const next = length.next + Number(length.value);
  return { value: bytes.subarray(length.next, next), next };
}
