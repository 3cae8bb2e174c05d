import { decode, type EncodeOptions, encode, Token, Type } from "cborg";
import { Time } from "../../support/cbor-forms.ts";

const options: EncodeOptions = {
  // Members stay in the order in which they were given.
  mapSorter: () => 0,
  typeEncoders: {
    Object: (value: unknown) =>
      value instanceof Time ? [new Token(Type.tag, 1), new Token(Type.uint, value.ms)] : null,
  },
};

/** What an established package writes. */
export function oracleEncode(value: unknown): Buffer {
  return Buffer.from(encode(value, options));
}

/** What an established package reads; a tag 1 becomes a `Time`. */
export function oracleDecode(bytes: Uint8Array): unknown {
  return decode(bytes, { tags: { 1: (content) => new Time(content() as number) } });
}
