import type { LogState } from "../state/log-state.ts";

/** What a `FlushWalFileJob` must know of each living log: its id, a number for its stream, and the time before which it has expired. */
export function liveLogsOf(logs: Iterable<LogState>, nowMs: number): Float64Array {
  const streams = new Map<string, number>();
  const fields: number[] = [];
  for (const { id, streamId, retentionMs } of logs) {
    const stream = streams.get(streamId) ?? streams.size;
    streams.set(streamId, stream);
    fields.push(id, stream, retentionMs > 0 ? nowMs - retentionMs : 0);
  }
  return Float64Array.from(fields);
}
