const bytesMin = 256;

/** Writes numbers into memory that grows; what is written is given out as one piece. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(bytesMin);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written, valid until the next write. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  byte(value: number): void {
    this.#makeRoom(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  /** An integer of 0 to 2^53 - 1: seven bits a byte, the lowest first, the top bit set in all but the last. */
  number(value: number): void {
    this.#makeRoom(8);
    let left = value;
    let length = this.#length;
    for (; left >= 0x80; left = left < 0x8000_0000 ? left >>> 7 : Math.floor(left / 0x80)) {
      this.#bytes[length] = (left & 0x7f) | 0x80;
      length += 1;
    }
    this.#bytes[length] = left;
    this.#length = length + 1;
  }

  /** An integer of either sign, small ones in few bytes. */
  signed(value: number): void {
    this.number(value >= 0 ? value * 2 : value * -2 - 1);
  }

  append(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #makeRoom(byteCount: number): void {
    if (this.#length + byteCount <= this.#bytes.length) return;
    const longer = Buffer.allocUnsafe(Math.max(this.#length + byteCount, this.#bytes.length * 2));
    longer.set(this.written);
    this.#bytes = longer;
  }
}
