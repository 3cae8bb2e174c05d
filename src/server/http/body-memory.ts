import { TEXT_SLACK_BYTES, TEXT_SPAN_BYTES_MAX } from "../../records/wasm-memory.ts";
import { wasmModule } from "../../records/wasm-module.ts";

const smallestBytes = 64 * 1024;
const largestBytes = 2 * 1024 * 1024;
const idleBytesMax = 16 * 1024 * 1024;

/**
 * Memory for bodies that come in several reads, used again and again: first touching a fresh page costs more than
 * copying what goes into it.
 */
export class BodyMemory {
  readonly #idle = new Map<number, Buffer[]>();
  #idleBytes = 0;
  #reservedBytes = 0;

  /**
   * Room of exactly `bytes` for a body on its way, where the kernels can scan it without another copy. Undefined when
   * they, or their memory, are not to be had: then its pieces are kept until it is whole.
   */
  reserve(bytes: number): Buffer | undefined {
    if (this.#reservedBytes + bytes > TEXT_SPAN_BYTES_MAX) return undefined;
    const machine = wasmModule();
    const at = machine?.spans.take(bytes + TEXT_SLACK_BYTES) ?? 0;
    if (at === 0) return undefined;
    this.#reservedBytes += bytes;
    return machine?.memory.subarray(at, at + bytes);
  }

  /** A buffer of at least `bytes`. Sizes are powers of two from 64 KiB to 2 MiB. */
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
    const machine = wasmModule();
    if (machine !== undefined && buffer.buffer === machine.memory.buffer) {
      machine.spans.giveBack(buffer.byteOffset);
      this.#reservedBytes -= buffer.length;
      return;
    }
    if (buffer.length > largestBytes || this.#idleBytes + buffer.length > idleBytesMax) return;
    this.#idleBytes += buffer.length;
    const sameSize = this.#idle.get(buffer.length);
    if (sameSize === undefined) this.#idle.set(buffer.length, [buffer]);
    else sameSize.push(buffer);
  }
}
