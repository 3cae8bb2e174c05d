import type { ReadLimit } from "../../shard-log.ts";
import { type ChunkPool, chunkBytes } from "../io/chunk-pool.ts";
import { blockBytes } from "../io/disk.ts";
import { ReadArena } from "../io/read-arena.ts";
import type { ReadRange, SegmentReader } from "../segments/segment-reader.ts";
import type { LogState } from "../state/log-state.ts";
import { concurrentReadsMax, planReads } from "./read-plan.ts";

/** Pages held at once, each of one chunk. `ChunkPool` is sized for this many. */
const pagesMax = 4;
/** Remembered ends of pages. */
const endsMax = 256;
/**
 * To discard a page that was not taken costs one credit; a page that is taken, or a refusal to discard, earns a part of
 * one. So when more logs are drained in turn than pages can be held, most bytes are not read from disk twice.
 */
const creditMax = 8;
const creditOfTaken = 1 / 2;
const creditOfRefused = 1 / 16;

/** A read of part of a segment, in flight or done. */
interface RangeRead {
  readonly range: ReadRange;
  readonly reading: Promise<Buffer>;
}

/** The beginning of a page, or less: the reader must read what is missing or has failed. */
export interface PageAhead {
  /** In the order of the log. Rejects if the index of a segment cannot be read. */
  readonly reads: Promise<readonly RangeRead[]>;
  /** Resolves when no read is in flight any more, successful or not. */
  readonly ended: Promise<void>;
  /** The memory of the reads. The taker of the page releases it after `ended`. */
  readonly memory: ReadArena;
}

/**
 * Reads the next page of a drain from segments while the client handles the page before. A read that begins at a log's
 * start, or where an earlier page ended, is taken for a drain. The entries of a position never change, so the bytes stay
 * right when their segment is compacted meanwhile.
 */
export class ReadAhead {
  readonly #segments: SegmentReader;
  readonly #pool: ChunkPool;
  /** By log and position, the oldest first. */
  readonly #pages = new Map<string, PageAhead>();
  /** Log and position of ends of pages, the oldest first. */
  readonly #ends = new Set<string>();
  readonly #inFlight = new Set<Promise<void>>();
  #credit = creditMax;
  #isClosed = false;

  constructor(segments: SegmentReader, pool: ChunkPool) {
    this.#segments = segments;
    this.#pool = pool;
  }

  /** Gives the page that was read ahead from exactly this position to the caller; undefined if there is none. */
  take(log: LogState, from: number): PageAhead | undefined {
    const key = keyOf(log, from);
    const page = this.#pages.get(key);
    if (page === undefined) return undefined;
    this.#pages.delete(key);
    this.#credit = Math.min(creditMax, this.#credit + creditOfTaken);
    return page;
  }

  /** To be called with each full page. If it belongs to a drain, the page behind it is read ahead with the same limit. */
  pageEnded(
    log: LogState,
    { from, end, isFirst }: { readonly from: number; readonly end: number; readonly isFirst: boolean },
    limit: ReadLimit,
  ): void {
    const isDrain = this.#ends.delete(keyOf(log, from)) || isFirst;
    const key = keyOf(log, end);
    this.#ends.delete(key);
    this.#ends.add(key);
    for (const oldest of this.#ends) {
      if (this.#ends.size <= endsMax) break;
      this.#ends.delete(oldest);
    }
    const extent = log.extents.find(end);
    if (this.#isClosed || !isDrain || extent === log.extents.count || this.#pages.has(key) || !this.#canHoldAnother())
      return;
    const memory = new ReadArena(this.#pool);
    if (memory.beginChunk()) this.#pages.set(key, this.#begin(extent, memory, { log, limit, next: end }));
  }

  /** Resolves when no read is in flight. None begins after this call. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const page of this.#pages.values()) discard(page);
    this.#pages.clear();
    await Promise.all(this.#inFlight);
  }

  /** Discards a page if too many are held and the credit allows it. */
  #canHoldAnother(): boolean {
    for (const [key, page] of this.#pages) {
      if (this.#pages.size < pagesMax) break;
      if (this.#credit < 1) {
        this.#credit += creditOfRefused;
        return false;
      }
      this.#credit -= 1;
      this.#pages.delete(key);
      discard(page);
    }
    return true;
  }

  #begin(
    extent: number,
    memory: ReadArena,
    { log, limit, next }: { readonly log: LogState; readonly limit: ReadLimit; readonly next: number },
  ): PageAhead {
    const recordsLeft = limit.recordsMax ?? Number.POSITIVE_INFINITY;
    const plan = planReads(this.#segments, extent, { log, limit, next, entries: [], bytes: 0, recordsLeft });
    const reads = plan.ranges.then((ranges) => this.#beginReads(ranges, memory));
    const ended = endOf(reads).then(() => {
      plan.release();
      this.#inFlight.delete(ended);
    });
    this.#inFlight.add(ended);
    return { reads, ended, memory };
  }

  /** As many ranges as surely fit into one chunk. */
  #beginReads(ranges: readonly ReadRange[], memory: ReadArena): readonly RangeRead[] {
    const reads: RangeRead[] = [];
    let freeBytes = chunkBytes;
    for (const range of ranges) {
      // Direct reads are of whole blocks, and the range may begin and end inside one.
      freeBytes -= range.length + 2 * blockBytes;
      if (freeBytes < 0) break;
      const read = (): Promise<Buffer> => this.#segments.read(range, memory);
      const before = reads.at(-concurrentReadsMax)?.reading;
      const reading = reads.length < concurrentReadsMax || before === undefined ? read() : before.then(read);
      // The page may never be taken; its taker gets the error otherwise.
      reading.catch(() => undefined);
      reads.push({ range, reading });
    }
    return reads;
  }
}

function keyOf({ id }: LogState, position: number): string {
  return `${id} ${position}`;
}

async function endOf(reads: Promise<readonly RangeRead[]>): Promise<void> {
  try {
    for (const { reading } of await reads) await reading.catch(() => undefined);
  } catch {
    // No read was begun.
  }
}

function discard({ memory, ended }: PageAhead): void {
  void ended.then(() => memory[Symbol.dispose]());
}
