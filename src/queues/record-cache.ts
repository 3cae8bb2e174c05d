import type { CachedRead } from "./cached-read.ts";

/** Bytes that were read for the queues of one server and not received yet; the read that was unused longest goes first. */
const cachedBytesMax = 64 * 1024 * 1024;
/** Reads of one queue: the records of one receive may be in as many. */
const readsPerQueueMax = 16;

/** The bytes of the reads that all caches hold, oldest use first. */
export class RecordCacheBudget {
  readonly #holders = new Map<CachedRead, RecordCache>();
  #bytes = 0;

  add(read: CachedRead, holder: RecordCache): void {
    this.#holders.set(read, holder);
    this.#bytes += read.bytes;
    for (const [oldest, of] of this.#holders) {
      if (this.#bytes <= cachedBytesMax || oldest === read) break;
      of.forget(oldest);
    }
  }

  /** The read is used now. */
  touch(read: CachedRead): void {
    const holder = this.#holders.get(read);
    if (holder === undefined) return;
    this.#holders.delete(read);
    this.#holders.set(read, holder);
  }

  remove(read: CachedRead): void {
    if (this.#holders.delete(read)) this.#bytes -= read.bytes;
  }
}

/** Records that were read for one queue and are likely to be received next. */
export class RecordCache {
  readonly #budget: RecordCacheBudget;
  /** Oldest first. */
  readonly #reads: CachedRead[] = [];

  constructor(budget: RecordCacheBudget) {
    this.#budget = budget;
  }

  find(cursor: number, position: number): CachedRead | undefined {
    for (let i = this.#reads.length - 1; i >= 0; i -= 1) {
      const read = this.#reads[i] as CachedRead;
      if (read.cursor === cursor && read.has(position)) return read;
    }
    return undefined;
  }

  add(read: CachedRead): void {
    const [oldest] = this.#reads;
    if (this.#reads.length === readsPerQueueMax && oldest !== undefined) this.forget(oldest);
    this.#reads.push(read);
    this.#budget.add(read, this);
  }

  touch(read: CachedRead): void {
    this.#budget.touch(read);
  }

  forget(read: CachedRead): void {
    const index = this.#reads.indexOf(read);
    if (index < 0) return;
    this.#reads.splice(index, 1);
    this.#budget.remove(read);
    read.release();
  }

  clear(): void {
    for (const read of [...this.#reads]) this.forget(read);
  }
}
