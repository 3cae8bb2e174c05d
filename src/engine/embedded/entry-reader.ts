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
import type { WalReader } from "./wal-reader.ts";

/** One read from the disk covers neighbouring points up to so much; a larger entry is read by itself. */
const diskReadBytesMax = 1024 * 1024;

/** What one read has gathered so far. */
interface Page {
  readonly log: LogState;
  readonly limit: ReadLimit;
  readonly entries: StoredEntry[];
  bytes: number;
  /** The position that comes next. */
  next: number;
  isFull: boolean;
}

interface Run {
  readonly address: Address;
  readonly span: number;
}

/** A log's entries from the shared log, each verified; a damaged or missing one rejects with `corrupt`. */
export class EntryReader {
  readonly #wal: WalReader;
  readonly #seed: number;

  constructor(wal: WalReader, seed: number) {
    this.#wal = wal;
    this.#seed = seed;
  }

  /** Entries from the one that contains `from`, all durable when this was called or later. */
  async read(log: LogState, from: number, limit: ReadLimit): Promise<readonly StoredEntry[]> {
    const end = log.tip;
    const next = Math.max(from, log.index.count === 0 ? end : log.index.positionAt(0));
    const page: Page = { log, limit, entries: [], bytes: 0, next, isFull: false };
    while (page.next < end && !page.isFull) {
      const before = page.next;
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

  async #readRuns(first: number, page: Page): Promise<void> {
    const runs = runsFrom(first, page);
    const start = runs[0]?.address ?? 0;
    const last = runs.at(-1);
    const bytes = await this.#wal.read(start, last === undefined ? 0 : last.address + last.span - start);
    for (const { address, span } of runs) {
      if (page.isFull) return;
      this.#walk(bytes.subarray(address - start, address - start + span), address, page, false);
    }
  }

  /** Takes this log's entries from a run, stepping over what else stands there. `shared` bytes are copied. */
  #walk(bytes: Buffer, address: Address, page: Page, shared: boolean): void {
    const start = offsetOf(address);
    for (let at = 0; at + frameHeadBytes <= bytes.length && !page.isFull; ) {
      const word = bytes.readUInt32LE(at);
      const inBlock = (start + at) % blockBytes;
      if (word === 0) at += blockBytes - inBlock;
      else if (word === groupMagic && inBlock === 0) at += groupHeaderBytes;
      else at = this.#takeFrame(bytes, at, page, { shared, address });
    }
  }

  /** Returns where the next frame would stand. */
  #takeFrame(
    bytes: Buffer,
    at: number,
    page: Page,
    { shared, address }: { readonly shared: boolean; readonly address: Address },
  ): number {
    // Bytes in memory are those that were written; bytes from the disk may be anything.
    if (!shared && !frameVerifies(bytes, at, bytes.length, this.#seed)) {
      // Entries before the damage are good; whoever reads on from behind them is told.
      if (page.entries.length === 0) throw unreadable(page, address + at);
      page.isFull = true;
      return at;
    }
    const isOurs = frameKindAt(bytes, at) === frameKind.entry && frameLogIdAt(bytes, at) === page.log.id;
    if (isOurs) takeEntry(bytes, at, page, shared);
    return at + ((frameLengthAt(bytes, at) + 7) & ~7);
  }
}

/** Neighbouring points that one read from the disk may cover: no more than the page can use, and in one file. */
function runsFrom(first: number, { log, limit }: Page): readonly Run[] {
  const runs: Run[] = [];
  const start = log.index.addressAt(first);
  let wanted = 0;
  for (let point = first; point < log.index.count && runs.length < limit.entriesMax; point++) {
    const run = { address: log.index.addressAt(point), span: log.index.spanAt(point) };
    const isNear =
      generationOf(run.address) === generationOf(start) && run.address + run.span - start <= diskReadBytesMax;
    if (runs.length > 0 && (!isNear || wanted >= limit.bytesMax)) break;
    runs.push(run);
    wanted += run.span;
  }
  return runs.length > 0 ? runs : [{ address: start, span: log.index.spanAt(first) }];
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
    body: shared ? Buffer.from(body) : body,
  });
  page.bytes += body.length;
  page.next = position + count;
  page.isFull = entries.length >= limit.entriesMax || page.bytes >= limit.bytesMax;
}

function missing({ log, next }: Page): EngineError {
  const shard = `shard ${log.shardIndex} of ${log.streamId}`;
  return new EngineError("corrupt", `The log is damaged: record ${next} of ${shard} is not where it was stored.`);
}

function unreadable({ log, next }: Page, address: Address): EngineError {
  const place = `file ${generationOf(address)} byte ${offsetOf(address)}`;
  const shard = `shard ${log.shardIndex} of ${log.streamId}`;
  return new EngineError("corrupt", `The log is damaged at ${place}: record ${next} of ${shard} cannot be read.`);
}
