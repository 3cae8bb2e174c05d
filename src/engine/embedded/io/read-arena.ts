import { type ChunkPool, chunkBytes } from "./chunk-pool.ts";
import { blockBytes } from "./disk.ts";

const noChunk: Buffer = Buffer.alloc(0);

/**
 * Memory for what one read copies, or takes from the disk. Where the pool has no more, or not as much in one piece, it is
 * the collector's; so is all that is never released.
 */
export class ReadArena {
  readonly #pool: ChunkPool;
  /** The pool's. */
  #chunks: Buffer[] = [];
  #chunk = noChunk;
  #end = 0;
  /** Whether the chunk is the pool's, and so begins where a block may. */
  #isAligned = false;

  constructor(pool: ChunkPool) {
    this.#pool = pool;
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  copy(body: Buffer): Buffer {
    const copied = this.take(body.length);
    body.copy(copied);
    return copied;
  }

  /** Holding rubbish. */
  take(byteCount: number): Buffer {
    if (byteCount > chunkBytes) return Buffer.allocUnsafeSlow(byteCount);
    if (this.#end + byteCount > this.#chunk.length && !this.beginChunk()) {
      this.#chunk = Buffer.allocUnsafeSlow(chunkBytes);
      this.#end = 0;
      this.#isAligned = false;
    }
    return this.#cut(this.#end, byteCount);
  }

  /** As direct reads need it, for whole blocks; undefined where the pool has none. */
  takeBlocks(byteCount: number): Buffer | undefined {
    if (byteCount > chunkBytes) return undefined;
    const start = Math.ceil(this.#end / blockBytes) * blockBytes;
    if (this.#isAligned && start + byteCount <= this.#chunk.length) return this.#cut(start, byteCount);
    return this.beginChunk() ? this.#cut(0, byteCount) : undefined;
  }

  /** What another has is this one's from now on, and that one empty. */
  adopt(other: ReadArena): void {
    this.#chunks.push(...other.#chunks);
    this.#chunk = other.#chunk;
    this.#end = other.#end;
    this.#isAligned = other.#isAligned;
    other.#chunks = [];
    other.release();
  }

  /** The memory must not be read afterwards, and no read into it may be in flight. A second call does nothing. */
  release(): void {
    for (const chunk of this.#chunks) this.#pool.giveBack(chunk);
    this.#chunks = [];
    this.#chunk = noChunk;
    this.#end = 0;
  }

  /** So that what comes next is the pool's, as far as one chunk goes; false if the pool has none. */
  beginChunk(): boolean {
    const chunk = this.#pool.take();
    if (chunk === undefined) return false;
    this.#chunks.push(chunk);
    this.#chunk = chunk;
    this.#end = 0;
    this.#isAligned = true;
    return true;
  }

  #cut(start: number, byteCount: number): Buffer {
    this.#end = start + byteCount;
    return this.#chunk.subarray(start, this.#end);
  }
}
