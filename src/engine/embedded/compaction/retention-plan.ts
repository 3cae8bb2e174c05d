import type { Segment } from "../segments/live-segments.ts";
import type { LogState } from "../state/log-state.ts";

export interface RetentionPlan {
  /** From log id to its new start: what lies before has outlived its retention. */
  readonly starts: ReadonlyMap<number, number>;
  /** Segments in which nothing counts then. */
  readonly emptied: ReadonlySet<number>;
  /** Shared segments of which less than half counts then. */
  readonly sparse: readonly Segment[];
}

/** What has expired, extent by extent, and which segments that leaves empty or nearly so. Changes nothing. */
export function planRetention(logs: Iterable<LogState>, segments: Iterable<Segment>, nowMs: number): RetentionPlan {
  const starts = new Map<number, number>();
  const expiredBytes = new Map<number, number>();
  for (const { id, extents, retentionMs } of logs) {
    if (retentionMs <= 0) continue;
    for (let index = 0; index < extents.count; index++) {
      const { segmentId, length, end, lastMs } = extents.at(index);
      if (lastMs + retentionMs >= nowMs) break;
      expiredBytes.set(segmentId, (expiredBytes.get(segmentId) ?? 0) + length);
      starts.set(id, end);
    }
  }
  const emptied = new Set<number>();
  const sparse: Segment[] = [];
  for (const segment of segments) {
    const left = segment.liveBytes - (expiredBytes.get(segment.id) ?? 0);
    if (left <= 0) emptied.add(segment.id);
    else if (segment.isShared && left < segment.dataBytes / 2) sparse.push(segment);
  }
  return { starts, emptied, sparse };
}
