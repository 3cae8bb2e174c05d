import assert from "node:assert/strict";

/** Memory with one holder, who gives it back once, by disposing of the lease. */
export interface Lease extends Disposable {
  /** Valid until the lease is disposed of. Holds rubbish at first. */
  readonly bytes: Buffer;
}

export interface BufferPoolOptions {
  /** Smaller buffers are Node's own: its slab is as quick as a pool. A power of two. */
  readonly pooledBytesMin: number;
  /** Larger buffers are made for one use. A power of two. */
  readonly pooledBytesMax: number;
  /** Bytes of all idle buffers together; a buffer that comes back beyond it is left to the garbage collector. */
  readonly idleBytesMax: number;
}

/**
 * Buffers that are used again and again, in size classes of powers of two: the first touch of fresh memory costs more
 * than writing what goes into it. A lease that is never disposed of is collected like any other memory.
 */
export class BufferPool {
  readonly #options: BufferPoolOptions;
  /** By the binary logarithm of the size. */
  readonly #idle: Buffer[][] = Array.from({ length: 32 }, () => []);
  #idleBytes = 0;

  constructor(options: BufferPoolOptions) {
    this.#options = options;
  }

  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** A lease of at least `bytes`. */
  take(bytes: number): BufferLease {
    const { pooledBytesMin, pooledBytesMax } = this.#options;
    if (bytes < pooledBytesMin) return new BufferLease(Buffer.allocUnsafe(bytes), undefined);
    if (bytes > pooledBytesMax) return new BufferLease(Buffer.allocUnsafeSlow(bytes), undefined);
    const sizeClass = sizeClassOf(bytes);
    const idle = this.#idle[sizeClass]?.pop();
    if (idle === undefined) return new BufferLease(Buffer.allocUnsafeSlow(2 ** sizeClass), this);
    this.#idleBytes -= idle.length;
    return new BufferLease(idle, this);
  }

  /** For leases alone: takes back a buffer that `take()` gave. */
  giveBack(buffer: Buffer): void {
    if (this.#idleBytes + buffer.length > this.#options.idleBytesMax) return;
    this.#idleBytes += buffer.length;
    this.#idle[sizeClassOf(buffer.length)]?.push(buffer);
  }
}

/** The binary logarithm, rounded up. */
function sizeClassOf(bytes: number): number {
  return 32 - Math.clz32(bytes - 1);
}

export class BufferLease implements Lease {
  readonly #memory: Buffer;
  readonly #pool: BufferPool | undefined;
  #bytes: Buffer | undefined;

  constructor(memory: Buffer, pool: BufferPool | undefined) {
    this.#memory = memory;
    this.#pool = pool;
    this.#bytes = memory;
  }

  get bytes(): Buffer {
    assert(this.#bytes !== undefined, "a lease is not used after it was disposed of");
    return this.#bytes;
  }

  /** Whether disposing of it makes a difference to anyone. */
  get isPooled(): boolean {
    return this.#pool !== undefined;
  }

  /** Leaves the first `length` bytes. Returns itself. */
  trim(length: number): this {
    this.#bytes = this.bytes.subarray(0, length);
    return this;
  }

  [Symbol.dispose](): void {
    assert(this.#bytes !== undefined, "a lease is disposed of once");
    this.#bytes = undefined;
    this.#pool?.giveBack(this.#memory);
  }
}

/**
 * The memory of requests and responses of the process: bodies that come in pieces, records that are decoded or written,
 * responses of more than 32 KiB. The largest is a page of GetRecords, 10 MiB of data in base64.
 */
export const messageBuffers = new BufferPool({
  pooledBytesMin: 32 * 1024,
  pooledBytesMax: 16 * 1024 * 1024,
  idleBytesMax: 64 * 1024 * 1024,
});
