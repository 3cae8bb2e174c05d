import { lowerBound } from "../../../collections/lower-bound.ts";
import type { WalAddress } from "../state/wal-index.ts";

interface WindowRange {
  readonly address: WalAddress;
  readonly length: number;
  /** Offset in the ring. */
  readonly at: number;
}

/** The list of ranges is shortened when so many at its beginning have been dropped. */
const droppedRangesMax = 1024;

/**
 * The newest commit groups in memory, for readers at the tail: one ring buffer, in which a new group replaces the oldest. Its
 * memory becomes resident as it is first written.
 */
export class TailWindow {
  readonly #bytesMax: number;
  #ring: Buffer | undefined;
  #ranges: WindowRange[] = [];
  #first = 0;
  #end = 0;
  #byteLength = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** Copies a group. Addresses grow from call to call. A group of more than half of the ring is not kept. */
  put(address: WalAddress, bytes: Buffer): void {
    if (bytes.length > this.#bytesMax / 2) return;
    this.#ring ??= Buffer.allocUnsafeSlow(this.#bytesMax);
    if (this.#end + bytes.length > this.#bytesMax) {
      this.#dropWhile((range) => range.at >= this.#end);
      this.#end = 0;
    }
    const at = this.#end;
    const end = at + bytes.length;
    this.#dropWhile((range) => range.at < end && range.at + range.length > at);
    bytes.copy(this.#ring, at);
    this.#ranges.push({ address, length: bytes.length, at });
    this.#byteLength += bytes.length;
    this.#end = end;
  }

  /** A view that the next `put()` may overwrite; undefined unless all of the bytes are here, in one piece. */
  view(address: WalAddress, length: number): Buffer | undefined {
    const range = this.#rangeOf(address);
    if (range === undefined || address + length > range.address + range.length) return undefined;
    const at = range.at + (address - range.address);
    return this.#ring?.subarray(at, at + length);
  }

  /** The last range that begins at or before the address. */
  #rangeOf(address: WalAddress): WindowRange | undefined {
    const ranges = this.#ranges;
    const after = lowerBound(this.#first, ranges.length, (index) => (ranges[index] as WindowRange).address <= address);
    return after > this.#first ? ranges[after - 1] : undefined;
  }

  #dropWhile(mustGo: (range: WindowRange) => boolean): void {
    for (;;) {
      const oldest = this.#ranges[this.#first];
      if (oldest === undefined || !mustGo(oldest)) break;
      this.#byteLength -= oldest.length;
      this.#first += 1;
    }
    if (this.#first < droppedRangesMax) return;
    this.#ranges = this.#ranges.slice(this.#first);
    this.#first = 0;
  }
}
