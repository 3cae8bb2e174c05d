/*
 * An item of CBOR (RFC 8949) begins with a head: three bits of major type and five of information. The information is
 * the item's argument, or says how many big-endian bytes behind it hold the argument, or (31) that the item's length is
 * indefinite.
 */
export const UNSIGNED = 0;
export const NEGATIVE = 1;
export const BYTES = 2;
export const TEXT = 3;
export const LIST = 4;
export const MAP = 5;
export const TAG = 6;
export const SIMPLE = 7;

export const INDEFINITE = 31;
/** Ends an item of indefinite length. */
export const BREAK = 0xff;

export const FALSE = 0xf4;
export const TRUE = 0xf5;
/** Null (0xf6) stands between `TRUE` and this. */
export const UNDEFINED = 0xf7;
export const HALF = 0xf9;
export const SINGLE = 0xfa;
export const DOUBLE = 0xfb;

/** Bytes of a head with this information; 0 for one that RFC 8949 reserves. */
export function headBytes(info: number): number {
  if (info < 24 || info === INDEFINITE) return 1;
  return info < 28 ? 1 + (1 << (info - 24)) : 0;
}

/** The argument of the head at `at`, which lies within the bytes. Above 2^53 it is rounded. */
export function argumentAt(bytes: Uint8Array, at: number): number {
  const info = (bytes[at] as number) & 31;
  if (info < 24) return info;
  switch (info) {
    case 24:
      return bytes[at + 1] as number;
    case 25:
      return ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
    case 26:
      return word(bytes, at + 1);
    default:
      return word(bytes, at + 1) * 0x1_0000_0000 + word(bytes, at + 5);
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
