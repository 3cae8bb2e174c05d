import type { ReadLimit } from "../../shard-log.ts";
import {
  type ReadRange,
  readRangeBytesMax,
  type SegmentReader,
  shortExtentBytesMax,
} from "../segments/segment-reader.ts";
import type { Extent } from "../state/extent-list.ts";
import type { LogState } from "../state/log-state.ts";

/** Ranges read from disk at once for one page. Bounded, because writes of the WAL share the thread pool. */
export const concurrentReadsMax = 5;
/** Extents that one plan holds. */
const extentsMax = 32;

/** What a page of one shard log may still take. */
export interface ReadDemand {
  readonly log: LogState;
  readonly limit: ReadLimit;
  /** What the page has already. */
  readonly entries: readonly unknown[];
  readonly bytes: number;
  readonly recordsLeft: number;
  /** The position to read next. */
  readonly next: number;
}

/** Where the next entries of a page are. Their segments are not removed before `release` is called. */
export interface ReadPlan {
  readonly ranges: Promise<readonly ReadRange[]>;
  readonly release: () => void;
}

/** Plans reads from the extent with index `first` on, which holds the next position. One plan need not fill the page. */
export function planReads(segments: SegmentReader, first: number, demand: ReadDemand): ReadPlan {
  const extents = extentsToRead(first, demand);
  // Held before the first await: compaction may move the extents of the log at any later moment.
  const releases = extents.map(({ segmentId }) => segments.hold(segmentId));
  return {
    ranges: rangesFrom(segments, extents, demand),
    release: () => {
      for (const release of releases) release();
    },
  };
}

/** Ranges of the first extent, and later extents whole if they are small. */
async function rangesFrom(
  segments: SegmentReader,
  [extent, ...others]: readonly Extent[],
  demand: ReadDemand,
): Promise<readonly ReadRange[]> {
  if (extent === undefined) return [];
  const enough = bytesWanted(demand, extent);
  const ranges = [...(await segments.rangesAt(extent, demand.next, enough))];
  const last = ranges.at(-1) ?? extent;
  const isWholeRest = last.offset + last.length === extent.offset + extent.length;
  let bytes = ranges.reduce((sum, { length }) => sum + length, -bytesPassed(demand, extent, ranges));
  for (const { segmentId, offset, length } of isWholeRest ? others : []) {
    const isTooLong = bytes + length > enough + shortExtentBytesMax || length > readRangeBytesMax;
    if (bytes >= enough || isTooLong) break;
    ranges.push({ segmentId, offset, length });
    bytes += length;
  }
  return ranges;
}

/** As many extents, from index `first` on, as it takes to fill the page. */
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

/** The bytes that the page may still take, estimated from the mean size of the extent's records. */
function bytesWanted({ limit, bytes, recordsLeft }: ReadDemand, { length, position, end }: Extent): number {
  const recordBytes = length / (end - position);
  return Math.min(limit.bytesMax - bytes, Math.ceil(recordBytes * recordsLeft));
}

/** An estimate of the bytes before the next position, if the extent is read from its beginning; else 0. */
function bytesPassed(
  { next }: ReadDemand,
  { offset, length, position, end }: Extent,
  [first]: readonly ReadRange[],
): number {
  return first?.offset === offset ? (length / (end - position)) * Math.max(0, next - position) : 0;
}
