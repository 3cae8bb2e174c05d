import type { Segment } from "../segments/live-segments.ts";

export interface MergeLimits {
  /** Segments of so many bytes and more are left as they are. */
  readonly smallBytesMax: number;
  /** Of what a merge makes. */
  readonly mergedBytesMax: number;
}

/** Fewer small segments than this are not worth writing again. */
const neighboursMin = 4;

/** Small segments of one stream that lie next to each other in time; undefined if there are not enough of them anywhere. */
export function planMerge(segments: Iterable<Segment>, limits: MergeLimits): readonly Segment[] | undefined {
  const own = [...segments].filter(({ streamId }) => streamId !== undefined);
  for (const ofStream of Map.groupBy(own, ({ streamId }) => streamId).values()) {
    let run: Segment[] = [];
    let bytes = 0;
    for (const segment of ofStream.sort((left, right) => left.lastMs - right.lastMs || left.id - right.id)) {
      const isSmall = segment.fileLength < limits.smallBytesMax;
      if (run.length >= neighboursMin && (!isSmall || bytes + segment.fileLength > limits.mergedBytesMax)) return run;
      if (!isSmall || bytes + segment.fileLength > limits.mergedBytesMax) {
        run = [];
        bytes = 0;
      }
      if (!isSmall) continue;
      run.push(segment);
      bytes += segment.fileLength;
    }
    if (run.length >= neighboursMin) return run;
  }
  return undefined;
}
