/*
 * An item of CBOR (RFC 8949) begins with a head:
 *
 *   3 bits major type, 5 bits information | 0, 1, 2, 4 or 8 bytes of argument, big-endian
 *
 * The information is the argument itself, or says how many bytes hold it (24 to 27), or that the item's length is
 * indefinite (31).
 */
export const TYPE_SHIFT = 5;
export const INFO_MASK = 31;

export const UNSIGNED = 0;
export const NEGATIVE = 1;
export const BYTES = 2;
export const TEXT = 3;
export const LIST = 4;
export const MAP = 5;
export const TAG = 6;
export const SIMPLE = 7;

/** The least information that is not the argument itself: one byte holds it. */
export const UINT8_INFO = 24;
export const UINT16_INFO = 25;
export const UINT32_INFO = 26;
export const UINT64_INFO = 27;
export const INDEFINITE = 31;
/** Ends an item of indefinite length. */
export const BREAK = 0xff;

export const FALSE = 0xf4;
export const TRUE = 0xf5;
/** Null (0xf6) is between `TRUE` and this. */
export const UNDEFINED = 0xf7;
export const HALF = 0xf9;
export const SINGLE = 0xfa;
export const DOUBLE = 0xfb;

/** Bytes before the argument. */
export const ARGUMENT_AT = 1;
/** The longest head. */
export const HEAD_BYTES_MAX = ARGUMENT_AT + 8;

/** Bytes of a head with this information; 0 for one that RFC 8949 reserves. */
export function headBytes(info: number): number {
  if (info < UINT8_INFO || info === INDEFINITE) return ARGUMENT_AT;
  return info <= UINT64_INFO ? ARGUMENT_AT + (1 << (info - UINT8_INFO)) : 0;
}

/** The argument of the head at `at`, which is within the bytes. Above 2^53 it is rounded. */
export function argumentAt(bytes: Uint8Array, at: number): number {
  const info = (bytes[at] as number) & INFO_MASK;
  if (info < UINT8_INFO) return info;
  const start = at + ARGUMENT_AT;
  switch (info) {
    case UINT8_INFO:
      return bytes[start] as number;
    case UINT16_INFO:
      return ((bytes[start] as number) << 8) | (bytes[start + 1] as number);
    case UINT32_INFO:
      return word(bytes, start);
    default:
      return word(bytes, start) * 0x1_0000_0000 + word(bytes, start + 4);
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}
