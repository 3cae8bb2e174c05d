import type { ReadLimit } from "../../shard-log.ts";
import {
  type ReadRange,
  readRangeBytesMax,
  type SegmentReader,
  shortExtentBytesMax,
} from "../segments/segment-reader.ts";
import type { Extent } from "../state/extent-list.ts";
import type { LogState } from "../state/log-state.ts";

/** Stretches read from the disk at once, for one page of one log: the log's writes share the pool of threads. */
export const concurrentReadsMax = 5;
/** Extents of one log that are held at once. */
const extentsMax = 32;

/** What a page of one log may still take, from a position on. */
export interface ReadDemand {
  readonly log: LogState;
  readonly limit: ReadLimit;
  /** What it has. */
  readonly entries: readonly unknown[];
  readonly bytes: number;
  /** Records that may still be taken. */
  readonly recordsLeft: number;
  /** The position that comes next. */
  readonly next: number;
}

/** Where the next entries of a page are. No segment of it is removed before `release` has been called. */
export interface ReadPlan {
  readonly stretches: Promise<readonly ReadRange[]>;
  readonly release: () => void;
}

/** From one extent of a log on, the one that holds the next position. What is planned may not be all that is wanted. */
export function planReads(segments: SegmentReader, first: number, wanted: ReadDemand): ReadPlan {
  const extents = extentsToRead(first, wanted);
  // Held before anything is awaited: until then the log says truly where its entries are.
  const releases = extents.map(({ segmentId }) => segments.hold(segmentId));
  return {
    stretches: stretchesOf(segments, extents, wanted),
    release: () => {
      for (const release of releases) release();
    },
  };
}

/** From one extent, and those behind it that are small. */
async function stretchesOf(
  segments: SegmentReader,
  [extent, ...others]: readonly Extent[],
  wanted: ReadDemand,
): Promise<readonly ReadRange[]> {
  if (extent === undefined) return [];
  const enough = bytesWanted(wanted, extent);
  const stretches = [...(await segments.stretchesAt(extent, wanted.next, enough))];
  const last = stretches.at(-1) ?? extent;
  const isWholeRest = last.offset + last.length === extent.offset + extent.length;
  let bytes = stretches.reduce((sum, { length }) => sum + length, -bytesPassed(wanted, extent, stretches));
  for (const { segmentId, offset, length } of isWholeRest ? others : []) {
    const isTooLong = bytes + length > enough + shortExtentBytesMax || length > readRangeBytesMax;
    if (bytes >= enough || isTooLong) break;
    stretches.push({ segmentId, offset, length });
    bytes += length;
  }
  return stretches;
}

/** Extents that may have entries for the page: from one on, as many as it takes to fill it. */
function extentsToRead(first: number, { log, limit, next, recordsLeft, entries }: ReadDemand): readonly Extent[] {
  const found: Extent[] = [];
  const countMax = Math.min(extentsMax, limit.entriesMax - entries.length, log.extents.count - first);
  for (let records = 0; found.length < countMax && records < recordsLeft; ) {
    const extent = log.extents.at(first + found.length);
    found.push(extent);
    records += extent.end - Math.max(extent.position, next);
  }
  return found;
}

/** What the page may still take, judged by what an extent's records are like. */
function bytesWanted({ limit, bytes, recordsLeft }: ReadDemand, { length, position, end }: Extent): number {
  const recordBytes = length / (end - position);
  return Math.min(limit.bytesMax - bytes, Math.ceil(recordBytes * recordsLeft));
}

/** What lies before the position that is wanted, where an extent is read from its beginning. */
function bytesPassed(
  { next }: ReadDemand,
  { offset, length, position, end }: Extent,
  [first]: readonly ReadRange[],
): number {
  return first?.offset === offset ? (length / (end - position)) * Math.max(0, next - position) : 0;
}
