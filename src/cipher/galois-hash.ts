/*
 * GHASH of NIST SP 800-38D, which makes the tags of AES-GCM: a polynomial in the hash key over GF(2^128).
 *
 * A product is the sum of one row for each of the 32 groups of four bits: rows[group][bits] = bits in their place times the
 * hash key. A block is four big-endian words; its first bit is the coefficient of x^0.
 */
const blockWords = 4;
export const hashBlockBytes = 16;
const groupsPerWord = 8;
const valuesPerGroup = 16;
const groupWords = valuesPerGroup * blockWords;
const groupCount = blockWords * groupsPerWord;
/** x^128 = 1 + x + x^2 + x^7 */
const reduction = 0xe1000000;

/**
 * Hashes blocks under one key. A processor's cache can tell which rows were read, so it is for bytes whose makers and readers
 * do not share a machine with an attacker: tokens, not stored data.
 */
export class GaloisHash {
  readonly #rows: Int32Array;
  readonly #sum = new Int32Array(blockWords);

  /** `key`: one block. */
  constructor(key: DataView) {
    this.#rows = rowsOf(key);
  }

  /** The hash of what was added, by its words; not a copy. */
  get sum(): Int32Array {
    return this.#sum;
  }

  /** Goes on from a former sum. */
  reset(sum: Int32Array): void {
    this.#sum.set(sum);
  }

  /** Whole blocks. */
  add(blocks: DataView, blockCount: number): void {
    const rows = this.#rows;
    const sum = this.#sum;
    for (let block = 0; block < blockCount; block++) {
      let [word0, word1, word2, word3, row] = [0, 0, 0, 0, 0];
      for (let word = 0; word < blockWords; word++) {
        const bits = (sum[word] as number) ^ blocks.getInt32(block * hashBlockBytes + word * 4);
        for (let shift = 28; shift >= 0; shift -= 4) {
          const at = row + ((bits >>> shift) & 15) * blockWords;
          word0 ^= rows[at] as number;
          word1 ^= rows[at + 1] as number;
          word2 ^= rows[at + 2] as number;
          word3 ^= rows[at + 3] as number;
          row += groupWords;
        }
      }
      sum[0] = word0;
      sum[1] = word1;
      sum[2] = word2;
      sum[3] = word3;
    }
  }
}

function rowsOf(key: DataView): Int32Array {
  const rows = new Int32Array(groupCount * groupWords);
  let power: [number, number, number, number] = [key.getInt32(0), key.getInt32(4), key.getInt32(8), key.getInt32(12)];
  for (let bit = 0; bit < 128; bit++) {
    const group = (bit >> 2) * groupWords;
    const ofBit = 8 >> (bit & 3);
    for (let value = 0; value < valuesPerGroup; value++) {
      if ((value & ofBit) === 0) continue;
      for (const [word, addend] of power.entries()) {
        const at = group + value * blockWords + word;
        rows[at] = (rows[at] ?? 0) ^ addend;
      }
    }
    power = timesX(power);
  }
  return rows;
}

function timesX([word0, word1, word2, word3]: readonly [number, number, number, number]): [
  number,
  number,
  number,
  number,
] {
  const carry = (word3 & 1) === 0 ? 0 : reduction;
  return [
    (word0 >>> 1) ^ carry,
    (word1 >>> 1) | (word0 << 31),
    (word2 >>> 1) | (word1 << 31),
    (word3 >>> 1) | (word2 << 31),
  ];
}
