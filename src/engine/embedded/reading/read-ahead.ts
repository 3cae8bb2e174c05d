import type { ReadLimit } from "../../shard-log.ts";
import { type ChunkPool, chunkBytes } from "../io/chunk-pool.ts";
import { blockBytes } from "../io/disk.ts";
import { ReadArena } from "../io/read-arena.ts";
import type { ReadRange, SegmentReader } from "../segments/segment-reader.ts";
import type { LogState } from "../state/log-state.ts";
import { concurrentReadsMax, planReads } from "./read-plan.ts";

/** Pages held ready at once, each of one chunk; `ChunkPool` reckons with so many. */
const pagesMax = 4;
/** Ends of pages that are remembered. */
const endsMax = 256;
/**
 * A page in the place of one that nobody came for costs one, and each that is taken earns a part of one. So where more logs
 * are drained in turn than pages can be held ready, the disk does not read most bytes twice.
 */
const creditMax = 8;
const creditOfTaken = 1 / 2;
const creditOfRefused = 1 / 16;

/** A part of a segment, on its way into memory. */
interface Part {
  readonly stretch: ReadRange;
  readonly reading: Promise<Buffer>;
}

/** The beginning of a page, at most: a reader must be ready to read what is missing or was not read well. */
export interface PageAhead {
  /** In the order of the log. Rejects if the segments cannot be read. */
  readonly parts: Promise<readonly Part[]>;
  /** Resolves when no read is under way, well or not. */
  readonly ended: Promise<void>;
  /** Behind the parts. Whoever takes the page releases it, once the reads have ended. */
  readonly memory: ReadArena;
}

/**
 * Reads from segments what comes next for those who drain them, while they look at what they have: a reader that began where
 * a log begins, or where an earlier page ended, is expected where its page ends. Entries of a position never change, so
 * that bytes read here stay right whatever becomes of their segment.
 */
export class ReadAhead {
  readonly #segments: SegmentReader;
  readonly #pool: ChunkPool;
  /** By log and position, the longest unused first. */
  readonly #pages = new Map<string, PageAhead>();
  /** Logs and positions, the oldest first. */
  readonly #ends = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  #credit = creditMax;
  #isClosed = false;

  constructor(segments: SegmentReader, pool: ChunkPool) {
    this.#segments = segments;
    this.#pool = pool;
  }

  /** What was read ahead for a page from exactly this position, from now on the caller's. */
  take(log: LogState, from: number): PageAhead | undefined {
    const key = keyOf(log, from);
    const page = this.#pages.get(key);
    if (page === undefined) return undefined;
    this.#pages.delete(key);
    this.#credit = Math.min(creditMax, this.#credit + creditOfTaken);
    return page;
  }

  /** A page that is full. Expects one with the same limit behind it if this one belongs to a drain. */
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
    if (this.#isClosed || !isDrain || extent === log.extents.count || this.#pages.has(key) || !this.#makeRoom()) return;
    const memory = new ReadArena(this.#pool);
    if (memory.beginChunk()) this.#pages.set(key, this.#begin(extent, memory, { log, limit, next: end }));
  }

  /** Resolves when no read is under way; none begins any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const page of this.#pages.values()) drop(page);
    this.#pages.clear();
    await Promise.all(this.#underWay);
  }

  #makeRoom(): boolean {
    for (const [key, page] of this.#pages) {
      if (this.#pages.size < pagesMax) break;
      if (this.#credit < 1) {
        this.#credit += creditOfRefused;
        return false;
      }
      this.#credit -= 1;
      this.#pages.delete(key);
      drop(page);
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
    const parts = plan.stretches.then((stretches) => this.#readParts(stretches, memory));
    const ended = endOf(parts).then(() => {
      plan.release();
      this.#underWay.delete(ended);
    });
    this.#underWay.add(ended);
    return { parts, ended, memory };
  }

  /** As many as surely fit into a chunk. */
  #readParts(stretches: readonly ReadRange[], memory: ReadArena): readonly Part[] {
    const parts: Part[] = [];
    let room = chunkBytes;
    for (const stretch of stretches) {
      // It may begin and end anywhere in a block.
      room -= stretch.length + 2 * blockBytes;
      if (room < 0) break;
      const read = (): Promise<Buffer> => this.#segments.read(stretch, memory);
      const before = parts.at(-concurrentReadsMax)?.reading;
      const reading = parts.length < concurrentReadsMax || before === undefined ? read() : before.then(read);
      // Whoever takes the page is told; but perhaps nobody does.
      reading.catch(() => undefined);
      parts.push({ stretch, reading });
    }
    return parts;
  }
}

function keyOf({ id }: LogState, position: number): string {
  return `${id} ${position}`;
}

async function endOf(parts: Promise<readonly Part[]>): Promise<void> {
  try {
    for (const { reading } of await parts) await reading.catch(() => undefined);
  } catch {
    // Nothing was begun.
  }
}

function drop({ memory, ended }: PageAhead): void {
  void ended.then(() => memory.release());
}
