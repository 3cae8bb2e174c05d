import type { Segment } from "../segments/live-segments.ts";
import type { LogState } from "../state/log-state.ts";

export interface RetentionPlan {
  /** Log id to new start: all records before it have expired. */
  readonly starts: ReadonlyMap<number, number>;
  /** Ids of segments in which nothing counts after that. */
  readonly emptied: ReadonlySet<number>;
  /** Shared segments of which less than half counts after that. */
  readonly sparse: readonly Segment[];
}

/** What has expired by `nowMs`, in whole extents, and what that leaves of the segments. */
export function planRetention(logs: Iterable<LogState>, segments: Iterable<Segment>, nowMs: number): RetentionPlan {
  const starts = new Map<number, number>();
  const expiredBytes = new Map<number, number>();
  for (const log of logs) addExpired(log, nowMs, { starts, expiredBytes });
  const emptied = new Set<number>();
  const sparse: Segment[] = [];
  for (const segment of segments) {
    const left = segment.liveBytes - (expiredBytes.get(segment.id) ?? 0);
    if (left <= 0) emptied.add(segment.id);
    else if (segment.isShared && left < segment.dataBytes / 2) sparse.push(segment);
  }
  return { starts, emptied, sparse };
}

function addExpired(
  { id, extents, retentionMs }: LogState,
  nowMs: number,
  { starts, expiredBytes }: { readonly starts: Map<number, number>; readonly expiredBytes: Map<number, number> },
): void {
  if (retentionMs <= 0) return;
  for (let index = 0; index < extents.count; index++) {
    const { segmentId, length, end, lastMs } = extents.at(index);
    if (lastMs + retentionMs >= nowMs) return;
    expiredBytes.set(segmentId, (expiredBytes.get(segmentId) ?? 0) + length);
    starts.set(id, end);
  }
}
