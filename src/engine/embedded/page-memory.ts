// Hot path.

const chunkBytes = 1024 * 1024;
const idleChunksMax = 16;

const idle: Buffer[] = [];

/**
 * Memory for the entries that one read copies, used again by a later read: first touching fresh memory costs more than
 * copying into it. What is never released is collected as usual.
 */
export class PageMemory {
  #chunks: Buffer[] = [];
  /** Of the last chunk. */
  #end = chunkBytes;

  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  copy(body: Buffer): Buffer {
    if (body.length > chunkBytes) return Buffer.from(body);
    if (this.#end + body.length > chunkBytes) {
      this.#chunks.push(idle.pop() ?? Buffer.allocUnsafeSlow(chunkBytes));
      this.#end = 0;
    }
    const start = this.#end;
    this.#end += body.length;
    const copied = (this.#chunks.at(-1) as Buffer).subarray(start, this.#end);
    body.copy(copied);
    return copied;
  }

  /** Nobody looks at the copies any more. A second call does nothing. */
  release(): void {
    for (const chunk of this.#chunks) if (idle.length < idleChunksMax) idle.push(chunk);
    this.#chunks = [];
    this.#end = chunkBytes;
  }
}
