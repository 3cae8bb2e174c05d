import type { Segment } from "../segments/live-segments.ts";

export interface MergeLimits {
  /** A segment file of this size or more is not merged. */
  readonly smallBytesMax: number;
  /** The largest segment file that a merge makes. */
  readonly mergedBytesMax: number;
}

/** Fewer small segments than this are not worth a rewrite. */
const mergedCountMin = 4;

/** Small segments of one stream that are next to each other in time; undefined if no stream has enough of them. */
export function planMerge(segments: Iterable<Segment>, limits: MergeLimits): readonly Segment[] | undefined {
  const own = [...segments].filter(({ streamId }) => streamId !== undefined);
  for (const segmentsOfStream of Map.groupBy(own, ({ streamId }) => streamId).values()) {
    const run = firstRun(segmentsOfStream, limits);
    if (run !== undefined) return run;
  }
  return undefined;
}

/** The first run of small neighbours that is long enough. A large segment ends a run, and so does the size limit. */
function firstRun(segments: Segment[], { smallBytesMax, mergedBytesMax }: MergeLimits): readonly Segment[] | undefined {
  let run: Segment[] = [];
  let bytes = 0;
  for (const segment of segments.sort((left, right) => left.lastMs - right.lastMs || left.id - right.id)) {
    const isSmall = segment.fileLength < smallBytesMax;
    if (!isSmall || bytes + segment.fileLength > mergedBytesMax) {
      if (run.length >= mergedCountMin) return run;
      run = [];
      bytes = 0;
    }
    if (!isSmall) continue;
    run.push(segment);
    bytes += segment.fileLength;
  }
  return run.length >= mergedCountMin ? run : undefined;
}
