import type { Shard } from "../stream.ts";

/*
 * Sequence numbers of version 2, the only one written; 47 hex digits from the most significant one:
 *
 *   2 | shard's create second 9 | lowest digit of shard index 1 | position 16 | 00 | record's second 9 | shard index 8 | 2
 *
 * AWS's own numbers have the same layout. Versions 0 and 1 are parsed only to return AWS's errors for them.
 */
const POSITION_SHIFT = 80n;
const POSITION_MAX = (1n << 63n) - 1n;
const V2_FLOOR = 1n << 185n;
const V2_CEILING = V2_FLOOR + (1n << 184n);
const V0_FLOOR = 1n << 124n;
const V0_CEILING = 1n << 129n;
const CREATE_SECOND_CEILING = 16_025_175_000;

/** Difference between consecutive records of a shard in the same second. */
export const SEQUENCE_NUMBER_STEP = 1n << POSITION_SHIFT;

export interface SequenceNumberParts {
  /** Create second of the record's shard. */
  readonly createSecond: number;
  readonly shardIndex: number;
  /** Position in the shard log; 0 before the first record. */
  readonly position: bigint;
  /** Epoch second in which the record arrived. */
  readonly second: number;
}

export type ParsedSequenceNumber =
  | ({ readonly version: 2 } & SequenceNumberParts)
  | { readonly version: 1; readonly createSecond: number; readonly shardIndex: number; readonly second: number }
  | { readonly version: 0; readonly createSecond: number; readonly shardIndex: number };

export function encodeSequenceNumber(parts: SequenceNumberParts): bigint {
  return (
    (2n << 184n) |
    (BigInt(parts.createSecond) << 148n) |
    (BigInt(parts.shardIndex & 0xf) << 144n) |
    (parts.position << POSITION_SHIFT) |
    (BigInt(parts.second) << 36n) |
    (BigInt(parts.shardIndex >>> 0) << 4n) |
    2n
  );
}

/** Undefined for anything else than a sequence number of one of the versions. */
export function parseSequenceNumber(decimal: string): ParsedSequenceNumber | undefined {
  if (!/^[0-9]{1,129}$/.test(decimal)) return undefined;
  const given = BigInt(decimal);
  const value = given < V0_FLOOR ? given + V0_FLOOR : given;
  const hex = value.toString(16);
  const createSecond = Number.parseInt(hex.slice(1, 10), 16);
  if (createSecond >= CREATE_SECOND_CEILING) return undefined;

  if (value < V0_CEILING) return { version: 0, createSecond, shardIndex: Number.parseInt(hex.slice(28, 32), 16) };
  if (value < V2_FLOOR || value >= V2_CEILING) return undefined;

  const shardIndex = Number.parseInt(hex.slice(38, 46), 16) | 0;
  switch (hex.at(-1)) {
    case "1":
      return { version: 1, createSecond, shardIndex, second: Number.parseInt(hex.slice(13, 22), 16) };
    case "2": {
      const position = positionOfSequenceNumber(value);
      if (position > POSITION_MAX) return undefined;
      return { version: 2, createSecond, shardIndex, position, second: Number.parseInt(hex.slice(29, 38), 16) };
    }
    default:
      return undefined;
  }
}

/** The position in a version 2 number. */
export function positionOfSequenceNumber(sequenceNumber: bigint): bigint {
  return (sequenceNumber >> POSITION_SHIFT) & 0xffff_ffff_ffff_ffffn;
}

/** The second of a record: not before its shard's create second, which may be ahead of the clock after a reshard. */
export function recordSecond(timeMs: number, shard: Pick<Shard, "createSecond">): number {
  return Math.max(Math.floor(timeMs / 1000), shard.createSecond);
}

/** Below the sequence numbers of all records of the shard. */
export function startingSequenceNumber(shard: Pick<Shard, "index" | "createSecond">): string {
  const { createSecond, index } = shard;
  return encodeSequenceNumber({ createSecond, shardIndex: index, position: 0n, second: createSecond }).toString();
}

/** Above the sequence numbers of all records of a shard that was closed in `closeSecond`. */
export function endingSequenceNumber(shard: Pick<Shard, "index" | "createSecond">, closeSecond: number): string {
  const { createSecond, index } = shard;
  return encodeSequenceNumber({
    createSecond,
    shardIndex: index,
    position: POSITION_MAX,
    second: closeSecond,
  }).toString();
}

/*
 * A number has 56 decimal digits. The lower 28 are seven limbs of four digits, each looked up as text; the upper 28 change
 * once in thousands of records.
 */
const LIMB_COUNT = 7;
const LIMB = 10_000;
const LOWER = BigInt(LIMB) ** BigInt(LIMB_COUNT);
const STEP_LIMBS = limbsOf(SEQUENCE_NUMBER_STEP);
let digitsOfLimb: readonly string[] | undefined;

/** The decimal sequence numbers of the consecutive records of one entry, by addition, without a BigInt for each. */
export class SequenceNumberSeries {
  #upper: bigint;
  #upperDigits: string;
  readonly #lower: number[];
  readonly #digits: readonly string[];

  /** `first` is a version 2 number. */
  constructor(first: bigint) {
    digitsOfLimb ??= Array.from({ length: LIMB }, (_, limb) => limb.toString().padStart(4, "0"));
    this.#digits = digitsOfLimb;
    this.#lower = limbsOf(first % LOWER);
    this.#upper = first / LOWER;
    this.#upperDigits = this.#upper.toString();
  }

  next(): string {
    const lower = this.#lower;
    const table = this.#digits;
    let digits = this.#upperDigits;
    for (let i = 0; i < LIMB_COUNT; i += 1) digits += table[lower[i] as number] as string;

    let carry = 0;
    for (let i = LIMB_COUNT - 1; i >= 0; i -= 1) {
      const sum = (lower[i] as number) + (STEP_LIMBS[i] as number) + carry;
      carry = sum >= LIMB ? 1 : 0;
      lower[i] = sum - carry * LIMB;
    }
    if (carry === 1) {
      this.#upper += 1n;
      this.#upperDigits = this.#upper.toString();
    }
    return digits;
  }
}

/** Limbs of a number below 10^28, most significant first. */
function limbsOf(number: bigint): number[] {
  const limbs: number[] = [];
  for (let rest = number; limbs.length < LIMB_COUNT; rest /= BigInt(LIMB)) limbs.unshift(Number(rest % BigInt(LIMB)));
  return limbs;
}
