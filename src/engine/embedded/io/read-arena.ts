import assert from "node:assert/strict";
import { type ChunkPool, chunkBytes } from "./chunk-pool.ts";
import { blockBytes } from "./disk.ts";

const noChunk: Buffer = Buffer.alloc(0);

/**
 * Memory for the bodies of one read: chunks of a pool, cut front to back and given back together. It has one owner, which
 * disposes of it once. Where the pool has no chunk, or a piece is larger than one, the memory is a buffer of its own that the
 * garbage collector frees; so are the chunks of an arena that is never disposed of, which the pool then lacks.
 */
export class ReadArena implements Disposable {
  readonly #pool: ChunkPool;
  /** Chunks of the pool; undefined once they are given back or another arena has taken them over. */
  #chunks: Buffer[] | undefined = [];
  /** Pieces are cut from this chunk, or from a buffer that is not of the pool. */
  #current = noChunk;
  #usedBytes = 0;
  /** Whether the current chunk is of the pool, and so begins at a block. */
  #isAligned = false;

  constructor(pool: ChunkPool) {
    this.#pool = pool;
  }

  /** Whether there is no chunk to give back. */
  get isEmpty(): boolean {
    return this.#chunks === undefined || this.#chunks.length === 0;
  }

  copy(body: Buffer): Buffer {
    const copied = this.take(body.length);
    body.copy(copied);
    return copied;
  }

  /** `byteCount` bytes of undefined content. */
  take(byteCount: number): Buffer {
    if (byteCount > chunkBytes) return Buffer.allocUnsafeSlow(byteCount);
    if (this.#usedBytes + byteCount > this.#current.length && !this.beginChunk()) {
      this.#current = Buffer.allocUnsafeSlow(chunkBytes);
      this.#usedBytes = 0;
      this.#isAligned = false;
    }
    return this.#cut(this.#usedBytes, byteCount);
  }

  /** `byteCount` bytes, whole blocks, aligned for direct reads; undefined if the pool has none. */
  takeBlocks(byteCount: number): Buffer | undefined {
    if (byteCount > chunkBytes) return undefined;
    const start = Math.ceil(this.#usedBytes / blockBytes) * blockBytes;
    if (this.#isAligned && start + byteCount <= this.#current.length) return this.#cut(start, byteCount);
    return this.beginChunk() ? this.#cut(0, byteCount) : undefined;
  }

  /** Takes over the chunks of another arena, which must not be used or disposed of afterwards. */
  takeOver(other: ReadArena): void {
    const chunks = this.#owned();
    chunks.push(...other.#owned());
    this.#current = other.#current;
    this.#usedBytes = other.#usedBytes;
    this.#isAligned = other.#isAligned;
    other.#chunks = undefined;
  }

  /** Gives the chunks back, once: views of them must not be used afterwards, and no read into them may be in flight. */
  [Symbol.dispose](): void {
    for (const chunk of this.#owned()) this.#pool.giveBack(chunk);
    this.#chunks = undefined;
  }

  /** Begins a new chunk of the pool, so that the next `chunkBytes` come from it; false if the pool has none. */
  beginChunk(): boolean {
    const chunks = this.#owned();
    const chunk = this.#pool.take();
    if (chunk === undefined) return false;
    chunks.push(chunk);
    this.#current = chunk;
    this.#usedBytes = 0;
    this.#isAligned = true;
    return true;
  }

  #owned(): Buffer[] {
    assert(this.#chunks !== undefined, "an arena is disposed of or taken over once, and not used afterwards");
    return this.#chunks;
  }

  #cut(start: number, byteCount: number): Buffer {
    this.#usedBytes = start + byteCount;
    return this.#current.subarray(start, this.#usedBytes);
  }
}
