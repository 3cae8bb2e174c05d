// Hot path.

const smallestBytes = 64 * 1024;
const largestBytes = 2 * 1024 * 1024;
const idleBytesMax = 16 * 1024 * 1024;

/**
 * Memory for bodies that come in several reads, used again and again: first touching a fresh page costs more than
 * copying what goes into it. Sizes are powers of two from 64 KiB to 2 MiB.
 */
export class BodyMemory {
  readonly #idle = new Map<number, Buffer[]>();
  #idleBytes = 0;

  /** A buffer of at least `bytes`. */
  take(bytes: number): Buffer {
    if (bytes > largestBytes) return Buffer.allocUnsafeSlow(bytes);
    const size = Math.max(smallestBytes, 2 ** Math.ceil(Math.log2(bytes)));
    const buffer = this.#idle.get(size)?.pop();
    if (buffer === undefined) return Buffer.allocUnsafeSlow(size);
    this.#idleBytes -= size;
    return buffer;
  }

  /** Only when nothing refers to the buffer any more. */
  giveBack(buffer: Buffer): void {
    if (buffer.length > largestBytes || this.#idleBytes + buffer.length > idleBytesMax) return;
    this.#idleBytes += buffer.length;
    const sameSize = this.#idle.get(buffer.length);
    if (sameSize === undefined) this.#idle.set(buffer.length, [buffer]);
    else sameSize.push(buffer);
  }
}
