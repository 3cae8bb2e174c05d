// Hot path.
import { EngineError } from "../engine-error.ts";
import type { ReadLimit, StoredEntry } from "../shard-log.ts";
import { blockBytes } from "./disk.ts";
import {
  frameBodyAt,
  frameCountAt,
  frameHeadBytes,
  frameKind,
  frameKindAt,
  frameLengthAt,
  frameLogIdAt,
  framePositionAt,
  frameStoredMsAt,
  frameTimeMsAt,
  frameVerifies,
} from "./frame.ts";
import { groupHeaderBytes, groupMagic } from "./group.ts";
import { type Address, generationOf, offsetOf } from "./log-index.ts";
import type { LogState } from "./log-state.ts";
import type { PageMemory } from "./page-memory.ts";
import type { SegmentReader, Stretch } from "./segment-reader.ts";
import type { WalReader } from "./wal-reader.ts";

/** What is read from the disk before anything is answered; a larger entry is read by itself. */
const diskReadBytesMax = 1024 * 1024;
/** Reads from the disk at once, for one page of one log: the log's writes share the pool of threads. */
const diskReadsMax = 3;
/** Bytes of other shards that are read along rather than stepped over. */
const gapBytesMax = 32 * 1024;

/** What one read has gathered so far. */
interface Page {
  readonly log: LogState;
  readonly limit: ReadLimit;
  readonly entries: StoredEntry[];
  /** For what is copied; without it the copies are the caller's own. */
  readonly memory: PageMemory | undefined;
  bytes: number;
  /** The position that comes next. */
  next: number;
  /** Where enough records have been gathered. */
  recordsEnd: number;
  isFull: boolean;
}

interface Run {
  readonly address: Address;
  readonly span: number;
}

/** Runs of one read, and the bytes between them. */
interface Extent {
  readonly address: Address;
  span: number;
  readonly runs: Run[];
}

/** A log's entries, from segments and from the shared log, each verified; a damaged or missing one rejects with `corrupt`. */
export class EntryReader {
  readonly #wal: WalReader;
  readonly #segments: SegmentReader;
  readonly #seed: number;

  constructor(wal: WalReader, segments: SegmentReader, seed: number) {
    this.#wal = wal;
    this.#segments = segments;
    this.#seed = seed;
  }

  /** Entries from the one that contains `from`, all durable when this was called or later. */
  async read(log: LogState, from: number, limit: ReadLimit, memory?: PageMemory): Promise<readonly StoredEntry[]> {
    const end = log.tip;
    const page: Page = { log, limit, entries: [], memory, bytes: 0, next: 0, recordsEnd: 0, isFull: false };
    beginAt(page, Math.max(from, log.oldest));
    while (page.next < end && !page.isFull) {
      // What is past its retention may go while it is being read: the reader goes on behind it.
      if (page.next < log.oldest) {
        if (page.entries.length > 0) break;
        beginAt(page, log.oldest);
        continue;
      }
      const before = page.next;
      const extent = log.extents.find(before);
      if (extent < log.extents.count) {
        await this.#readExtents(extent, page);
        if (page.next === before && !page.isFull) throw missing(page);
        continue;
      }
      const point = log.index.find(page.next);
      if (point < 0) throw missing(page);
      const run = { address: log.index.addressAt(point), span: log.index.spanAt(point) };
      const view = this.#wal.view(run.address, run.span);
      if (view !== undefined) this.#walk(view, run.address, page, true);
      else await this.#readRuns(point, page);
      if (page.next === before && !page.isFull) throw missing(page);
    }
    return page.entries;
  }

  /** From one extent, and those behind it that are small: one read each, all at once. */
  async #readExtents(first: number, page: Page): Promise<void> {
    const { log, limit } = page;
    const wanted = Math.min(limit.bytesMax, diskReadBytesMax);
    const [extent, ...others] = Array.from(
      { length: Math.min(diskReadsMax, limit.entriesMax, log.extents.count - first) },
      (_, index) => log.extents.at(first + index),
    );
    if (extent === undefined) return;
    // Held before anything is awaited: until then the log says truly where its entries are.
    const releases = [extent, ...others].map(({ segmentId }) => this.#segments.hold(segmentId));
    try {
      const stretches = [await this.#segments.stretchAt(extent, page.next, wanted)];
      let bytes = stretches[0]?.length ?? 0;
      const isWholeRest = (stretches[0]?.offset ?? 0) + bytes === extent.offset + extent.length;
      for (const { segmentId, offset, length } of isWholeRest ? others : []) {
        bytes += length;
        if (bytes > wanted) break;
        stretches.push({ segmentId, offset, length });
      }
      const found = await Promise.all(stretches.map((stretch) => this.#segments.read(stretch)));
      for (const [index, stretch] of stretches.entries()) {
        this.#walkStretch(found[index] ?? Buffer.alloc(0), stretch, page);
      }
    } finally {
      for (const release of releases) release();
    }
  }

  /** Takes entries from a part of an extent, which holds nothing else. */
  #walkStretch(bytes: Buffer, { segmentId, offset }: Stretch, page: Page): void {
    const place = (at: number): string => `segment ${segmentId} byte ${offset + at}`;
    for (let at = 0; at < bytes.length && !page.isFull; )
      at = this.#takeFrame(bytes, at, page, { shared: false, place });
  }

  async #readRuns(first: number, page: Page): Promise<void> {
    const extents = extentsFrom(first, page);
    const found = await Promise.all(extents.map(({ address, span }) => this.#wal.read(address, span)));
    for (const [index, { address, runs }] of extents.entries()) {
      const bytes = found[index] ?? Buffer.alloc(0);
      for (const run of runs) {
        if (page.isFull) return;
        const at = run.address - address;
        this.#walk(bytes.subarray(at, at + run.span), run.address, page, false);
      }
    }
  }

  /** Takes this log's entries from a run, stepping over what else stands there. `shared` bytes are copied. */
  #walk(bytes: Buffer, address: Address, page: Page, shared: boolean): void {
    const start = offsetOf(address);
    const place = (at: number): string => `file ${generationOf(address)} byte ${start + at}`;
    for (let at = 0; at + frameHeadBytes <= bytes.length && !page.isFull; ) {
      const word = bytes.readUInt32LE(at);
      const inBlock = (start + at) % blockBytes;
      if (word === 0) at += blockBytes - inBlock;
      else if (word === groupMagic && inBlock === 0) at += groupHeaderBytes;
      else at = this.#takeFrame(bytes, at, page, { shared, place });
    }
  }

  /** Returns where the next frame would stand. */
  #takeFrame(
    bytes: Buffer,
    at: number,
    page: Page,
    { shared, place }: { readonly shared: boolean; readonly place: (at: number) => string },
  ): number {
    // Bytes in memory are those that were written; bytes from the disk may be anything.
    if (!shared && !frameVerifies(bytes, at, bytes.length, this.#seed)) {
      // Entries before the damage are good; whoever reads on from behind them is told.
      if (page.entries.length === 0) throw unreadable(page, place(at));
      page.isFull = true;
      return at;
    }
    const isOurs = frameKindAt(bytes, at) === frameKind.entry && frameLogIdAt(bytes, at) === page.log.id;
    if (isOurs) takeEntry(bytes, at, page, shared);
    return at + ((frameLengthAt(bytes, at) + 7) & ~7);
  }
}

/** What to read from the disk at once: as many points as the page can use; those that lie close together by one read. */
function extentsFrom(first: number, { log, limit }: Page): readonly Extent[] {
  const extents: Extent[] = [];
  let bytes = 0;
  for (let point = first; point < log.index.count && point < first + limit.entriesMax; point++) {
    const run = { address: log.index.addressAt(point), span: log.index.spanAt(point) };
    const last = extents.at(-1);
    if (last !== undefined && bytes >= Math.min(limit.bytesMax, diskReadBytesMax)) break;
    const end = run.address + run.span;
    bytes += run.span;
    if (last !== undefined && isNear(last, run) && end - last.address <= diskReadBytesMax) {
      last.span = end - last.address;
      last.runs.push(run);
    } else if (extents.length < diskReadsMax) {
      extents.push({ ...run, runs: [run] });
    } else {
      break;
    }
  }
  return extents;
}

function isNear({ address, span }: Run, next: Run): boolean {
  return generationOf(address) === generationOf(next.address) && next.address - (address + span) <= gapBytesMax;
}

function beginAt(page: Page, position: number): void {
  page.next = position;
  page.recordsEnd = position + (page.limit.recordsMax ?? Number.POSITIVE_INFINITY);
}

function takeEntry(bytes: Buffer, at: number, page: Page, shared: boolean): void {
  const position = framePositionAt(bytes, at);
  const count = frameCountAt(bytes, at);
  if (position + count <= page.next) return;
  if (position > page.next) throw missing(page);
  const body = frameBodyAt(bytes, at);
  const { entries, limit } = page;
  if (entries.length > 0 && page.bytes + body.length > limit.bytesMax) {
    page.isFull = true;
    return;
  }
  entries.push({
    position: BigInt(position),
    count,
    timeMs: frameTimeMsAt(bytes, at),
    storedMs: frameStoredMsAt(bytes, at),
    body: shared ? (page.memory?.copy(body) ?? Buffer.from(body)) : body,
  });
  page.bytes += body.length;
  page.next = position + count;
  page.isFull = entries.length >= limit.entriesMax || page.bytes >= limit.bytesMax || page.next >= page.recordsEnd;
}

function missing({ log, next }: Page): EngineError {
  const shard = `shard ${log.shardIndex} of ${log.streamId}`;
  return new EngineError("corrupt", `The log is damaged: record ${next} of ${shard} is not where it was stored.`);
}

function unreadable({ log, next }: Page, place: string): EngineError {
  const shard = `shard ${log.shardIndex} of ${log.streamId}`;
  return new EngineError("corrupt", `The log is damaged at ${place}: record ${next} of ${shard} cannot be read.`);
}
