import type { Position, ReadResult, StoredEntry } from "../engine/shard-log.ts";
import { cutPage } from "../records/cut-page.ts";
import type { OutgoingRecords } from "../records/outgoing-records.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { trimHorizonMs } from "../streams/retention-window.ts";
import type { Shard } from "../streams/stream.ts";
import { decodeEntryBodies } from "./decode-entry-bodies.ts";
import type { ShardServices } from "./shard-services.ts";

/** API reference, GetRecords: at most 10 MiB of data and 10,000 records in one response. */
const pageBytesMax = 10 * 1024 * 1024;
export const pageRecordsMax = 10_000;

/** What is read for a page, of its data: data is stored with keys and headers, which the limit of a page does not count. */
const storedPart = 1.1;
/** What a page takes in memory, of its data: what is stored, the base64 of the data, and keys. */
const memoryPart = 3.2;
/** Memory that making the largest page takes, in bytes. */
export const pageMemoryBytesMax = pageBytesMax * memoryPart;

/** The bytes of data of a page that takes so much memory. */
export function pageBytesIn(memoryBytes = Number.POSITIVE_INFINITY): number {
  return Math.min(pageBytesMax, Math.floor(memoryBytes / memoryPart));
}

/** A page holds one record at least, whatever its size. */
export interface PageLimit {
  readonly recordsMax: number;
  /** Bytes of data. */
  readonly bytesMax: number;
}

export interface Page {
  readonly records: OutgoingRecords;
  /** The position to read on from. */
  readonly next: Position;
  /** The shard is closed and nothing of it is left to read. */
  readonly atEnd: boolean;
  /** Age of this page's last record while there are newer ones; 0 at the tip. */
  readonly millisBehindLatest: number;
}

/**
 * Unexpired records from `from` on. An expired start moves to the oldest record that is still within retention. The page
 * owns the memory that was read.
 */
export async function readPage(
  services: ShardServices,
  revision: StreamRevision,
  shard: Shard,
  from: Position,
  { recordsMax, bytesMax }: PageLimit,
): Promise<Page> {
  const nowMs = services.clock.nowMs();
  const horizon = trimHorizonMs(nowMs, revision.stream);
  const ref = revision.ref(shard);
  const storedBytesMax = Math.ceil(bytesMax * storedPart);
  const limit = { entriesMax: recordsMax, recordsMax, bytesMax: storedBytesMax };

  let start = from;
  let read = await services.log.read(ref, start, limit);
  try {
    if (startsExpired(read, horizon)) {
      const oldest = await services.log.seek(ref, { at: "time", timeMs: horizon });
      if (oldest > start) {
        start = oldest;
        const expired = read;
        read = await services.log.read(ref, start, limit);
        expired.lease?.[Symbol.dispose]();
      }
    }

    const unexpired = read.entries.filter((entry) => entry.storedMs >= horizon);
    const decodeLimit = { from: start, recordsMax, bytesMax: storedBytesMax };
    const decoded = await decodeEntryBodies(services, { revision, shard }, unexpired, decodeLimit);
    const { records, next: behind } = cutPage(decoded, start, { recordsMax, bytesMax }, shard);
    const next = records.count > 0 && behind < endOfEntries(read) ? behind : read.next > start ? read.next : start;
    const last = lastEntryBefore(unexpired, next);
    return {
      records: read.lease === undefined ? records : { ...records, lease: read.lease },
      next,
      atEnd: shard.closed !== undefined && next >= shard.closed.end,
      millisBehindLatest: next >= read.tip ? 0 : Math.max(0, nowMs - (last?.storedMs ?? nowMs)),
    };
  } catch (error) {
    read.lease?.[Symbol.dispose]();
    throw error;
  }
}

/** The read is over where its last entry ends: positions behind that may be of no entry. */
function endOfEntries({ entries }: ReadResult): Position {
  const last = entries.at(-1);
  return last === undefined ? 0n : last.position + BigInt(last.count);
}

function startsExpired(read: ReadResult, horizon: number): boolean {
  const first = read.entries[0];
  return first !== undefined && first.storedMs < horizon;
}

function lastEntryBefore(entries: readonly StoredEntry[], next: Position): StoredEntry | undefined {
  return entries.findLast((entry) => entry.position < next);
}
