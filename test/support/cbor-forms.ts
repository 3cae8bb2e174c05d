/** A time, which JSON and CBOR write differently. */
export class Time {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }
}

/** The next of a row of whole numbers from 0 to 99. */
export type Draw = () => number;

/** The same row for the same seed. */
export function drawsFrom(seed: number): Draw {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % 100;
  };
}

/** One of the many ways in which RFC 8949 can write a value: wide heads, chunks, indefinite lengths, tags. */
export function anyFormOf(value: unknown, draw: Draw): Buffer {
  const tag = draw() < 5 ? [head(6, 55_799, draw)] : [];
  return Buffer.concat([...tag, formOf(value, draw)]);
}

function formOf(value: unknown, draw: Draw): Buffer {
  if (value === null) return Buffer.of(draw() < 50 ? 0xf6 : 0xf7);
  if (typeof value === "boolean") return Buffer.of(value ? 0xf5 : 0xf4);
  if (typeof value === "number") return number(value, draw);
  if (typeof value === "string") {
    const characters = [...value];
    return string(
      3,
      { length: characters.length, cut: (from, to) => Buffer.from(characters.slice(from, to).join("")) },
      draw,
    );
  }
  if (value instanceof Time) return Buffer.concat([head(6, 1, draw), number(value.ms, draw)]);
  if (value instanceof Uint8Array) {
    return string(2, { length: value.length, cut: (from, to) => Buffer.from(value.subarray(from, to)) }, draw);
  }
  if (Array.isArray(value)) {
    return container(4, { count: value.length, items: value.map((item: unknown) => anyFormOf(item, draw)) }, draw);
  }
  const entries = Object.entries(value as object);
  const items = entries.flatMap(([key, entry]) => [formOf(key, draw), anyFormOf(entry, draw)]);
  return container(5, { count: entries.length, items }, draw);
}

function number(value: number, draw: Draw): Buffer {
  if (Number.isSafeInteger(value)) return value < 0 ? head(1, -1 - value, draw) : head(0, value, draw);
  const double = Buffer.alloc(9, 0xfb);
  double.writeDoubleBE(value, 1);
  return double;
}

interface Cuttable {
  readonly length: number;
  cut(from: number, to: number): Buffer;
}

function string(majorType: number, { length, cut }: Cuttable, draw: Draw): Buffer {
  const whole = cut(0, length);
  if (draw() < 80) return Buffer.concat([head(majorType, whole.length, draw), whole]);
  const middle = length === 0 ? 0 : draw() % length;
  const chunks = [cut(0, middle), cut(middle, length)].flatMap((chunk) => [head(majorType, chunk.length, draw), chunk]);
  return Buffer.concat([Buffer.of((majorType << 5) | 31), ...chunks, Buffer.of(0xff)]);
}

function container(
  majorType: number,
  { count, items }: { readonly count: number; readonly items: readonly Buffer[] },
  draw: Draw,
): Buffer {
  if (draw() < 50) return Buffer.concat([head(majorType, count, draw), ...items]);
  return Buffer.concat([Buffer.of((majorType << 5) | 31), ...items, Buffer.of(0xff)]);
}

function head(majorType: number, argument: number, draw: Draw): Buffer {
  const fitting = [argument < 24, argument < 0x100, argument < 0x1_0000, argument < 0x1_0000_0000, true].indexOf(true);
  const size = draw() < 80 ? fitting : fitting + (draw() % (5 - fitting));
  if (size === 0) return Buffer.of((majorType << 5) | argument);
  const wide = Buffer.alloc(8);
  wide.writeBigUInt64BE(BigInt(argument));
  return Buffer.concat([Buffer.of((majorType << 5) | (23 + size)), wide.subarray(8 - 2 ** (size - 1))]);
}
