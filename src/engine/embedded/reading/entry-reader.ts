import type { SessionCipher } from "../../../cipher/session-cipher.ts";
import { EngineError } from "../../engine-error.ts";
import type { ReadLimit, StoredEntry } from "../../shard-log.ts";
import type { DirectoryContents } from "../directory/directory-cipher.ts";
import { groupHeaderBytes, groupMagic } from "../format/commit-group.ts";
import {
  clearBodyAt,
  clearBodyBytesAt,
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
import { blockBytes } from "../io/disk.ts";
import type { ReadArena } from "../io/read-arena.ts";
import type { ReadRange, SegmentReader } from "../segments/segment-reader.ts";
import { generationOf, offsetOf, type WalAddress } from "../state/log-index.ts";
import type { LogState } from "../state/log-state.ts";
import type { WalReader } from "../wal/wal-reader.ts";
import type { PageAhead, ReadAhead } from "./read-ahead.ts";
import { concurrentReadsMax, planReads } from "./read-plan.ts";

/** What is read from the log's files before any of it is looked at; a larger entry is read by itself. */
const diskReadBytesMax = 1024 * 1024;
/** Bytes of other shards that are read along rather than stepped over. */
const gapBytesMax = 32 * 1024;

/** What one read has gathered so far. */
interface Page {
  readonly log: LogState;
  readonly limit: ReadLimit;
  readonly entries: StoredEntry[];
  /** For what is copied or read from the disk; without it that is the caller's own. */
  readonly memory: ReadArena | undefined;
  bytes: number;
  /** Records that may still be taken. */
  recordsLeft: number;
  /** The position that comes next. */
  next: number;
  isFull: boolean;
}

interface Run {
  readonly address: WalAddress;
  readonly span: number;
}

/** Runs of one read, and the bytes between them. */
interface RunsTogether {
  readonly address: WalAddress;
  span: number;
  readonly runs: Run[];
}

/** A log's entries, from segments and from the shared log, each verified; a damaged or missing one rejects with `corrupt`. */
export class EntryReader {
  readonly #wal: WalReader;
  readonly #segments: SegmentReader;
  readonly #ahead: ReadAhead;
  readonly #seed: number;
  readonly #cipher: SessionCipher | undefined;

  constructor(wal: WalReader, segments: SegmentReader, ahead: ReadAhead, { identity, cipher }: DirectoryContents) {
    this.#wal = wal;
    this.#segments = segments;
    this.#ahead = ahead;
    this.#seed = identity.seed;
    this.#cipher = cipher;
  }

  /**
   * Entries from the one that contains `from`, all durable when this was called or later. With memory it may be a page of a
   * drain: what comes next is then read ahead.
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
      // What is past its retention may go while it is being read: the reader goes on behind it.
      if (page.next < log.oldest) {
        if (page.entries.length > 0) break;
        page.next = log.oldest;
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
    if (memory !== undefined && page.isFull) {
      // Of an entry that has more records than are wanted the reader comes back for the rest.
      const readOn = Math.min(page.next, next + recordsLeft);
      this.#ahead.pageEnded(log, { from: next, end: readOn, isFirst: next === oldest }, limit);
    }
    return page.entries;
  }

  /** Some stretches are read while earlier ones are taken apart. */
  async #readExtents(first: number, page: Page): Promise<void> {
    const { stretches, release } = planReads(this.#segments, first, page);
    try {
      await this.#readStretches(await stretches, page);
    } finally {
      release();
    }
  }

  /** From what was read while the client looked at the page before this one. */
  async #takeAhead({ parts, ended, memory }: PageAhead, page: Page): Promise<void> {
    try {
      for (const { stretch, reading } of await parts) {
        const bytes = await reading;
        if (page.isFull) break;
        this.#walkStretch(bytes, stretch, page);
      }
    } catch (error) {
      // What is wrong may have passed since, or its segment be gone: whoever reads it again is told.
      if (!(error instanceof EngineError)) throw error;
    } finally {
      await ended;
      page.memory?.adopt(memory);
    }
  }

  async #readStretches(stretches: readonly ReadRange[], page: Page): Promise<void> {
    const begin = (stretch: ReadRange): Promise<Buffer> => {
      const reading = this.#segments.read(stretch, page.memory);
      // Whoever awaits it is told; but the page may be full, or another read have failed, before it is its turn.
      reading.catch(() => undefined);
      return reading;
    };
    const readings = stretches.slice(0, concurrentReadsMax).map(begin);
    try {
      for (const [index, stretch] of stretches.entries()) {
        const bytes = await readings[index];
        if (bytes === undefined || page.isFull) break;
        const ahead = stretches[index + concurrentReadsMax];
        if (ahead !== undefined) readings.push(begin(ahead));
        this.#walkStretch(bytes, stretch, page);
      }
    } finally {
      await Promise.allSettled(readings);
    }
  }

  /** Takes entries from a part of an extent, which holds nothing else. */
  #walkStretch(bytes: Buffer, { segmentId, offset }: ReadRange, page: Page): void {
    const place = (at: number): string => `segment ${segmentId} byte ${offset + at}`;
    for (let at = 0; at < bytes.length && !page.isFull; )
      at = this.#takeFrame(bytes, at, page, { shared: false, place });
  }

  async #readRuns(first: number, page: Page): Promise<void> {
    const together = runsFrom(first, page);
    const found = await Promise.all(together.map(({ address, span }) => this.#wal.read(address, span, page.memory)));
    for (const [index, { address, runs }] of together.entries()) {
      const bytes = found[index] ?? Buffer.alloc(0);
      for (const run of runs) {
        if (page.isFull) return;
        const at = run.address - address;
        this.#walk(bytes.subarray(at, at + run.span), run.address, page, false);
      }
    }
  }

  /** Takes this log's entries from a run, stepping over what else stands there. `shared` bytes are copied. */
  #walk(bytes: Buffer, address: WalAddress, page: Page, shared: boolean): void {
    const start = offsetOf(address);
    const place = (at: number): string => `file ${generationOf(address)} byte ${start + at}`;
    for (let at = 0; at + frameHeaderBytes <= bytes.length && !page.isFull; ) {
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
    if (!shared && !frameVerifies(bytes, at, bytes.length, this.#seed)) return stopBefore(page, place, at);
    const isOurs = frameKindAt(bytes, at) === frameKind.entry && frameLogIdAt(bytes, at) === page.log.id;
    if (isOurs && !takeEntry(bytes, at, page, { shared, cipher: this.#cipher })) return stopBefore(page, place, at);
    return at + frameSpanAt(bytes, at);
  }
}

/** What to read from the disk at once: as many points as the page can use; those that lie close together by one read. */
function runsFrom(first: number, { log, limit, next, recordsLeft }: Page): readonly RunsTogether[] {
  const together: RunsTogether[] = [];
  let bytes = 0;
  for (let point = first; point < log.index.count && point < first + limit.entriesMax; point++) {
    const run = { address: log.index.addressAt(point), span: log.index.spanAt(point) };
    const last = together.at(-1);
    const isEnough =
      bytes >= Math.min(limit.bytesMax, diskReadBytesMax) || log.index.positionAt(point) - next >= recordsLeft;
    if (last !== undefined && isEnough) break;
    const end = run.address + run.span;
    bytes += run.span;
    if (last !== undefined && isNear(last, run) && end - last.address <= diskReadBytesMax) {
      last.span = end - last.address;
      last.runs.push(run);
    } else if (together.length < concurrentReadsMax) {
      together.push({ ...run, runs: [run] });
    } else {
      break;
    }
  }
  return together;
}

function isNear({ address, span }: Run, next: Run): boolean {
  return generationOf(address) === generationOf(next.address) && next.address - (address + span) <= gapBytesMax;
}

/** At a damaged frame. Entries before it are good; whoever reads on from behind them is told. */
function stopBefore(page: Page, place: (at: number) => string, at: number): number {
  if (page.entries.length === 0) throw unreadable(page, place(at));
  page.isFull = true;
  return at;
}

/** False if the entry is wanted and its body does not open. */
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
  if (entries.length > 0 && page.bytes + clearBodyBytesAt(bytes, at, cipher) > limit.bytesMax) {
    page.isFull = true;
    return true;
  }
  const body = clearBodyAt(bytes, at, cipher);
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
  const shard = `shard ${log.shardIndex} of ${log.streamId}`;
  return new EngineError("corrupt", `The log is damaged: record ${next} of ${shard} is not where it was stored.`);
}

function unreadable({ log, next }: Page, place: string): EngineError {
  const shard = `shard ${log.shardIndex} of ${log.streamId}`;
  return new EngineError("corrupt", `The log is damaged at ${place}: record ${next} of ${shard} cannot be read.`);
}
