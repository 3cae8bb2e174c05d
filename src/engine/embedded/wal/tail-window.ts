import { lowerBound } from "../../../collections/lower-bound.ts";
import type { WalAddress } from "../state/log-index.ts";

interface Range {
  readonly address: WalAddress;
  readonly length: number;
  /** Where the bytes stand in the ring. */
  readonly at: number;
}

/** Ranges that have been dropped are cut off the list when this many have gathered. */
const droppedRangesMax = 1024;

/**
 * The newest bytes of the log in memory, whichever shards they belong to: one ring, oldest groups dropped first.
 * Readers and followers at the tail find what they want here; the ring's pages are touched only as they are first used.
 */
export class TailWindow {
  readonly #bytesMax: number;
  #ring: Buffer | undefined;
  #ranges: Range[] = [];
  #first = 0;
  #end = 0;
  #byteLength = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** Copies a group. Addresses grow from call to call. A group that would fill most of the ring is left to the disk. */
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

  /** A view that the next `put()` may overwrite, or undefined if not all of it is here in one piece. */
  view(address: WalAddress, length: number): Buffer | undefined {
    const range = this.#rangeOf(address);
    if (range === undefined || address + length > range.address + range.length) return undefined;
    const at = range.at + (address - range.address);
    return this.#ring?.subarray(at, at + length);
  }

  /** The last range that begins at or before the address. */
  #rangeOf(address: WalAddress): Range | undefined {
    const ranges = this.#ranges;
    const after = lowerBound(this.#first, ranges.length, (index) => (ranges[index] as Range).address <= address);
    return after > this.#first ? ranges[after - 1] : undefined;
  }

  #dropWhile(isInTheWay: (range: Range) => boolean): void {
    for (;;) {
      const oldest = this.#ranges[this.#first];
      if (oldest === undefined || !isInTheWay(oldest)) break;
      this.#byteLength -= oldest.length;
      this.#first += 1;
    }
    if (this.#first < droppedRangesMax) return;
    this.#ranges = this.#ranges.slice(this.#first);
    this.#first = 0;
  }
}
