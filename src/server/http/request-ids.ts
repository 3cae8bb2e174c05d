import { randomFillSync } from "node:crypto";

// 16 bytes for a UUID and 72 for `x-amz-id-2`, whose base64 then needs no padding.
const uuidBytes = 16;
const extendedIdBytes = 72;
const batchCount = 256;
const idBytes = uuidBytes + extendedIdBytes;

/** Makes the two ids of a response. Draws randomness for 256 requests at once, because a draw costs more than the ids. */
export class RequestIds {
  readonly #fillRandom: (bytes: Uint8Array) => unknown;
  readonly #pool = Buffer.alloc(idBytes * batchCount);
  #used = this.#pool.length;
  #start = 0;

  constructor(fillRandom: (bytes: Uint8Array) => unknown = randomFillSync) {
    this.#fillRandom = fillRandom;
  }

  /** The `x-amzn-RequestId` of the next response: a lower-case UUID, version 4. */
  next(): string {
    if (this.#used === this.#pool.length) {
      this.#fillRandom(this.#pool);
      this.#used = 0;
    }
    const start = this.#used;
    this.#start = start;
    this.#used += idBytes;
    const pool = this.#pool;
    pool[start + 6] = ((pool[start + 6] ?? 0) & 0x0f) | 0x40;
    pool[start + 8] = ((pool[start + 8] ?? 0) & 0x3f) | 0x80;
    const hex = pool.toString("hex", start, start + uuidBytes);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** The `x-amz-id-2` that goes with the last `next()`: base64 of 72 bytes. */
  extended(): string {
    return this.#pool.toString("base64", this.#start + uuidBytes, this.#start + idBytes);
  }
}
