import assert from "node:assert/strict";

/** The fields of a sequence number of version 2, as they were read off the service's numbers. */
export interface SequenceNumber {
  /** Epoch seconds. */
  readonly create: number;
  readonly shard: number;
  /** The place in the shard; only its order counts. */
  readonly seqIx: bigint;
  /** Epoch seconds. */
  readonly time: number;
}

const HEX_DIGITS = 47;

/** Hex digits: 2 | create 9 | shard's last digit 1 | seqIx 16 | zeros 2 | time 9 | shard 8 | version, 2. */
export function decodeSequenceNumber(number: string): SequenceNumber {
  assert.match(number, /^[1-9]\d{55}$/);
  const hex = BigInt(number).toString(16);
  assert.equal(hex.length, HEX_DIGITS);
  assert.equal(hex.at(0), "2");
  assert.equal(hex.at(-1), "2");
  assert.equal(hex.slice(27, 29), "00");
  const shard = hex.slice(38, 46);
  assert.equal(hex.at(10), shard.at(-1));
  return {
    create: Number.parseInt(hex.slice(1, 10), 16),
    seqIx: BigInt(`0x${hex.slice(11, 27)}`),
    time: Number.parseInt(hex.slice(29, 38), 16),
    shard: Number.parseInt(shard, 16),
  };
}

export function encodeSequenceNumber({ create, shard, seqIx, time }: SequenceNumber): string {
  const index = (shard >>> 0).toString(16).padStart(8, "0");
  const hex = `2${create.toString(16).padStart(9, "0")}${index.at(-1)}${seqIx.toString(16).padStart(16, "0")}00${time.toString(16).padStart(9, "0")}${index}2`;
  return BigInt(`0x${hex}`).toString();
}

/** The seqIx of a closed shard's EndingSequenceNumber: behind every record. */
export const seqIxLast = 2n ** 63n - 1n;
