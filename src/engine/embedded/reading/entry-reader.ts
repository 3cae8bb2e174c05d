import type { SessionCipher } from "../../../cipher/session-cipher.ts";
import { EngineError } from "../../engine-error.ts";
import type { ReadLimit, StoredEntry } from "../../shard-log.ts";
import type { ContentAccess } from "../directory/content-cipher.ts";
import { groupHeaderBytes, groupMagic } from "../format/commit-group.ts";
import {
  decryptedBodyAt,
  decryptedLengthAt,
  frameCountAt,
  frameHeaderBytes,
  frameKind,
  frameKindAt,
  frameLogIdAt,
  framePositionAt,
  frameSpanAt,
  frameStoredMsAt,
  frameTimeMsAt,
  frameVerifies,
} from "../format/frame.ts";
import { segmentFileName } from "../format/segment-file.ts";
import { walFileName } from "../format/wal-file.ts";
import { damaged } from "../io/damage.ts";
import { blockBytes } from "../io/disk.ts";
import type { ReadArena } from "../io/read-arena.ts";
import type { ReadRange, SegmentReader } from "../segments/segment-reader.ts";
import type { LogState } from "../state/log-state.ts";
import { generationOf, offsetOf, type WalAddress } from "../state/wal-index.ts";
import type { WalRangeReader } from "../wal/wal-range-reader.ts";
import type { PageAhead, ReadAhead } from "./read-ahead.ts";
import { concurrentReadsMax, planReads } from "./read-plan.ts";

/** Bytes read from WAL files at once, before any of them is parsed. A larger entry is read alone. */
const diskReadBytesMax = 1024 * 1024;
/** Up to this many bytes of other shard logs are read along, since one read is cheaper than two. */
const gapBytesMax = 32 * 1024;

/** The entries that one read has found so far. */
interface Page {
  readonly log: LogState;
  readonly limit: ReadLimit;
  readonly entries: StoredEntry[];
  /** For bytes that are copied or read from disk; without it each body has memory of its own. */
  readonly memory: ReadArena | undefined;
  bytes: number;
  /** Records that may still be taken. */
  recordsLeft: number;
  /** The position that comes next. */
  next: number;
  isFull: boolean;
}

/** Consecutive bytes of a WAL file that begin with an entry of the log; `length` in bytes. */
interface WalRange {
  readonly address: WalAddress;
  readonly length: number;
}

/** Ranges that one disk read fetches, with the bytes between them. */
interface WalRead {
  readonly address: WalAddress;
  length: number;
  readonly ranges: WalRange[];
}

/** Reads entries of a shard log from segments and the WAL, and verifies each. Rejects with `corrupt` at damage or a hole. */
export class EntryReader {
  readonly #wal: WalRangeReader;
  readonly #segments: SegmentReader;
  readonly #ahead: ReadAhead;
  readonly #seed: number;
  readonly #cipher: SessionCipher | undefined;

  constructor(wal: WalRangeReader, segments: SegmentReader, ahead: ReadAhead, { identity, cipher }: ContentAccess) {
    this.#wal = wal;
    this.#segments = segments;
    this.#ahead = ahead;
    this.#seed = identity.seed;
    this.#cipher = cipher;
  }

  /**
   * Entries from the one that contains `from`, all of them durable. With `memory` the bytes are in that arena, and the next
   * page is read ahead if the reader reads one page after another.
   */
  async read(log: LogState, from: number, limit: ReadLimit, memory?: ReadArena): Promise<readonly StoredEntry[]> {
    const end = log.tip;
    const recordsLeft = limit.recordsMax ?? Number.POSITIVE_INFINITY;
    const { oldest } = log;
    const next = Math.max(from, oldest);
    const page: Page = { log, limit, entries: [], memory, bytes: 0, recordsLeft, next, isFull: false };
    const ahead = memory === undefined ? undefined : this.#ahead.take(log, next);
    if (ahead !== undefined) await this.#takeAhead(ahead, page);
    while (page.next < end && !page.isFull) {
      // Records may expire while they are read: the reader goes on behind them.
      if (page.next < log.oldest) {
        if (page.entries.length > 0) break;
        page.next = log.oldest;
        continue;
      }
      const before = page.next;
      const reading = this.#readNext(page);
      if (reading !== undefined) await reading;
      if (page.next === before && !page.isFull) throw missing(page);
    }
    this.#readAhead(page, next, oldest);
    return page.entries;
  }

  /** If the page that began at `from` is full, the one behind it is likely to be read next. */
  #readAhead({ log, limit, memory, isFull, next }: Page, from: number, oldest: number): void {
    if (memory === undefined || !isFull) return;
    // The last entry may have more records than were asked for: the reader continues inside it.
    const end = Math.min(next, from + (limit.recordsMax ?? Number.POSITIVE_INFINITY));
    this.#ahead.pageEnded(log, { from, end, isFirst: from === oldest }, limit);
  }

  /** Takes entries from the place of the next position. Undefined if they were in memory and have been taken already. */
  #readNext(page: Page): Promise<void> | undefined {
    const { log, next } = page;
    const extent = log.extents.find(next);
    if (extent < log.extents.count) return this.#readExtents(extent, page);
    const point = log.index.find(next);
    if (point < 0) throw missing(page);
    const address = log.index.addressAt(point);
    const view = this.#wal.view(address, log.index.spanAt(point));
    if (view === undefined) return this.#readWal(point, page);
    this.#takeFromWal(view, address, page, true);
    return undefined;
  }

  /** From the extent with this index on; later ranges are read while earlier ones are parsed. */
  async #readExtents(first: number, page: Page): Promise<void> {
    const { ranges, release } = planReads(this.#segments, first, page);
    try {
      await this.#readRanges(await ranges, page);
    } finally {
      release();
    }
  }

  /** Takes entries from what was read ahead. */
  async #takeAhead({ reads, ended, memory }: PageAhead, page: Page): Promise<void> {
    try {
      for (const { range, reading } of await reads) {
        const bytes = await reading;
        if (page.isFull) break;
        this.#takeFromRange(bytes, range, page);
      }
    } catch (error) {
      // The fault may have passed, or the segment may be gone: the read that follows reports what is still wrong.
      if (!(error instanceof EngineError)) throw error;
    } finally {
      await ended;
      page.memory?.takeOver(memory);
    }
  }

  async #readRanges(ranges: readonly ReadRange[], page: Page): Promise<void> {
    const begin = (range: ReadRange): Promise<Buffer> => {
      const reading = this.#segments.read(range, page.memory);
      // It may never be awaited: the page may be full, or an earlier read may fail, before its turn.
      reading.catch(() => undefined);
      return reading;
    };
    const readings = ranges.slice(0, concurrentReadsMax).map(begin);
    try {
      for (const [index, range] of ranges.entries()) {
        const bytes = await readings[index];
        if (bytes === undefined || page.isFull) break;
        const ahead = ranges[index + concurrentReadsMax];
        if (ahead !== undefined) readings.push(begin(ahead));
        this.#takeFromRange(bytes, range, page);
      }
    } finally {
      await Promise.allSettled(readings);
    }
  }

  /** Takes entries from a part of an extent, which holds only frames of this log. */
  #takeFromRange(bytes: Buffer, { segmentId, offset }: ReadRange, page: Page): void {
    const place = (at: number): string => `byte ${offset + at} of segments/${segmentFileName(segmentId)}`;
    for (let at = 0; at < bytes.length && !page.isFull; )
      at = this.#takeFrame(bytes, at, page, { shared: false, place });
  }

  /** From the index point with this number on. */
  async #readWal(firstPoint: number, page: Page): Promise<void> {
    const reads = planWalReads(firstPoint, page);
    const found = await allEnded(reads.map(({ address, length }) => this.#wal.read(address, length, page.memory)));
    for (const [index, { address, ranges }] of reads.entries()) {
      const bytes = found[index] ?? Buffer.alloc(0);
      for (const range of ranges) {
        if (page.isFull) return;
        const at = range.address - address;
        this.#takeFromWal(bytes.subarray(at, at + range.length), range.address, page, false);
      }
    }
  }

  /** Takes this log's entries from bytes of the WAL, and skips padding, group headers and other frames. Copies if `shared`. */
  #takeFromWal(bytes: Buffer, address: WalAddress, page: Page, shared: boolean): void {
    const start = offsetOf(address);
    const place = (at: number): string => `byte ${start + at} of wal/${walFileName(generationOf(address))}`;
    for (let at = 0; at + frameHeaderBytes <= bytes.length && !page.isFull; ) {
      const word = bytes.readUInt32LE(at);
      const inBlock = (start + at) % blockBytes;
      if (word === 0) at += blockBytes - inBlock;
      else if (word === groupMagic && inBlock === 0) at += groupHeaderBytes;
      else at = this.#takeFrame(bytes, at, page, { shared, place });
    }
  }

  /** Takes the frame at an offset if it is an entry of this log. Returns the offset behind it. */
  #takeFrame(
    bytes: Buffer,
    at: number,
    page: Page,
    { shared, place }: { readonly shared: boolean; readonly place: (at: number) => string },
  ): number {
    // Bytes in the tail window are those that were written; bytes from the disk may be damaged.
    if (!shared && !frameVerifies(bytes, at, bytes.length, this.#seed)) return stopBefore(page, place, at);
    const isOurs = frameKindAt(bytes, at) === frameKind.entry && frameLogIdAt(bytes, at) === page.log.id;
    if (isOurs && !takeEntry(bytes, at, page, { shared, cipher: this.#cipher })) return stopBefore(page, place, at);
    return at + frameSpanAt(bytes, at);
  }
}

/** What to read at once: as many index points as the page can use, with one read for those that are close together. */
function planWalReads(firstPoint: number, { log, limit, next, recordsLeft }: Page): readonly WalRead[] {
  const reads: WalRead[] = [];
  let bytes = 0;
  for (let point = firstPoint; point < log.index.count && point < firstPoint + limit.entriesMax; point++) {
    const range = { address: log.index.addressAt(point), length: log.index.spanAt(point) };
    const last = reads.at(-1);
    const isEnough =
      bytes >= Math.min(limit.bytesMax, diskReadBytesMax) || log.index.positionAt(point) - next >= recordsLeft;
    if (last !== undefined && isEnough) break;
    const end = range.address + range.length;
    bytes += range.length;
    if (last !== undefined && isNear(last, range) && end - last.address <= diskReadBytesMax) {
      last.length = end - last.address;
      last.ranges.push(range);
    } else if (reads.length < concurrentReadsMax) {
      reads.push({ ...range, ranges: [range] });
    } else {
      break;
    }
  }
  return reads;
}

function isNear({ address, length }: WalRange, next: WalRange): boolean {
  return generationOf(address) === generationOf(next.address) && next.address - (address + length) <= gapBytesMax;
}

/** Ends the page before a damaged frame if it has entries, and rejects if it has none: then the reader is at the damage. */
function stopBefore(page: Page, place: (at: number) => string, at: number): number {
  if (page.entries.length === 0) throw unreadable(page, place(at));
  page.isFull = true;
  return at;
}

/** Adds an entry to the page if it has space. Returns false if its body cannot be decrypted. */
function takeEntry(
  bytes: Buffer,
  at: number,
  page: Page,
  { shared, cipher }: { readonly shared: boolean; readonly cipher: SessionCipher | undefined },
): boolean {
  const position = framePositionAt(bytes, at);
  const count = frameCountAt(bytes, at);
  if (position + count <= page.next) return true;
  if (position > page.next) throw missing(page);
  const { entries, limit } = page;
  if (decryptedLengthAt(bytes, at, cipher) === 0) {
    // A skip: no record has these positions.
    page.next = position + count;
    return true;
  }
  if (entries.length > 0 && page.bytes + decryptedLengthAt(bytes, at, cipher) > limit.bytesMax) {
    page.isFull = true;
    return true;
  }
  const body = decryptedBodyAt(bytes, at, cipher);
  if (body === undefined) return false;
  entries.push({
    position: BigInt(position),
    count,
    timeMs: frameTimeMsAt(bytes, at),
    storedMs: frameStoredMsAt(bytes, at),
    body: shared && cipher === undefined ? (page.memory?.copy(body) ?? Buffer.from(body)) : body,
  });
  page.bytes += body.length;
  page.recordsLeft -= position + count - page.next;
  page.next = position + count;
  page.isFull = entries.length >= limit.entriesMax || page.bytes >= limit.bytesMax || page.recordsLeft <= 0;
  return true;
}

function missing({ log, next }: Page): EngineError {
  return damaged(`record ${next} of shard ${log.shardIndex} of stream ${log.streamId} is not where it was stored`);
}

function unreadable({ log, next }: Page, place: string): EngineError {
  return damaged(`record ${next} of shard ${log.shardIndex} of stream ${log.streamId} cannot be read at ${place}`);
}

/** As `Promise.all`, but rejects only when no read is in flight any more: their memory may then be given back. */
async function allEnded(reads: readonly Promise<Buffer>[]): Promise<readonly Buffer[]> {
  await Promise.allSettled(reads);
  return Promise.all(reads);
}
