import { EngineError } from "../engine/engine-error.ts";
import type { StoredEntry } from "../engine/shard-log.ts";
import { cutPage } from "../records/cut-page.ts";
import type { RecordSlice } from "../records/outgoing-records.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { decodeEntryBodies } from "../shards/decode-entry-bodies.ts";
import type { ShardServices } from "../shards/shard-services.ts";
import { trimHorizonMs } from "../streams/retention-window.ts";
import type { Shard } from "../streams/stream.ts";

/** Bytes of one read, as stored and as decoded. */
const pageBytesMax = 1024 * 1024;
const pageEntriesMax = 4096;

/** What one read of a shard brings. */
export interface ReadRecords {
  /** Unexpired records in order; may be empty. Valid until the next page is asked for. */
  readonly slices: readonly RecordSlice[];
  /** One past the last position that was looked at. */
  readonly next: number;
  /** Records below `next` that have expired before they were read; where positions have gaps, those that were still stored. */
  readonly expiredCount: number;
  /** Arrival of the first and the last record; ms since the epoch. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Whether nothing was behind `next` when it was read. */
  readonly isAtTip: boolean;
}

export interface PagesWanted {
  readonly shard: Shard;
  readonly from: number;
  /** Where an entry begins, or Infinity: to the tip. */
  readonly to: number;
  /** See `Engine.densePositions`. */
  readonly densePositions: boolean;
}

/** The records of a part of a shard, page by page; none of a shard that is gone. Errors: KeyError, EngineError. */
export async function* readPages(
  services: ShardServices,
  revision: StreamRevision,
  wanted: PagesWanted,
): AsyncGenerator<ReadRecords, void> {
  for (let position = wanted.from; position < wanted.to; ) {
    const page = await readPage(services, revision, { ...wanted, from: position });
    if (page === undefined) return;
    try {
      yield page.read;
    } finally {
      page.lease?.[Symbol.dispose]();
    }
    if (page.read.isAtTip || page.read.next <= position) return;
    position = page.read.next;
  }
}

/** Undefined when the shard is gone. */
async function readPage(
  services: ShardServices,
  revision: StreamRevision,
  { shard, from, to, densePositions }: PagesWanted,
): Promise<{ readonly read: ReadRecords; readonly lease: Disposable | undefined } | undefined> {
  const limit = { entriesMax: pageEntriesMax, bytesMax: pageBytesMax };
  let lease: Disposable | undefined;
  try {
    const stored = await services.log.read(revision.ref(shard), BigInt(from), limit);
    lease = stored.lease;
    const horizon = trimHorizonMs(services.clock.nowMs(), revision.stream);
    const entries = stored.entries.filter(({ position }) => Number(position) < to);
    const expired = entries.filter(({ storedMs }) => storedMs < horizon);
    const unexpired = entries.slice(expired.length);
    const decodeLimit = { from: BigInt(from), recordsMax: Number.POSITIVE_INFINITY, bytesMax: pageBytesMax };
    const decoded = await decodeEntryBodies(services, { revision, shard }, unexpired, decodeLimit);
    const isWhole = decoded.length === unexpired.length;
    const next = isWhole ? Math.min(to, Number(stored.next)) : endOf(decoded.at(-1), from);
    const start = unexpired[0] === undefined ? next : Math.max(from, Number(unexpired[0].position));
    const pageLimit = { recordsMax: Number.POSITIVE_INFINITY, bytesMax: Number.POSITIVE_INFINITY };
    const { records } = cutPage(decoded, BigInt(from), pageLimit, shard);
    const read = {
      slices: records.slices,
      next,
      expiredCount: densePositions ? start - from : recordCountOf(expired, from),
      firstMs: decoded[0]?.storedMs ?? 0,
      lastMs: decoded.at(-1)?.storedMs ?? 0,
      isAtTip: isWhole && stored.next >= stored.tip,
    };
    return { read, lease };
  } catch (error) {
    lease?.[Symbol.dispose]();
    // The shard was dropped with its last record.
    if (error instanceof EngineError && error.kind === "not_found") return undefined;
    throw error;
  }
}

/** Records at or behind a position. */
function recordCountOf(entries: readonly StoredEntry[], from: number): number {
  return entries.reduce((sum, entry) => sum + endOf(entry, from) - Math.max(from, Number(entry.position)), 0);
}

function endOf(entry: StoredEntry | undefined, from: number): number {
  return entry === undefined ? from : Number(entry.position) + entry.count;
}
