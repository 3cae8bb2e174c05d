import type { StreamBytes } from "../engine.ts";
import { indexedWalBytes } from "./state/indexed-wal-bytes.ts";
import type { LogState } from "./state/log-state.ts";

const streamsListed = 10;

/**
 * The streams with the most bytes on the disk, at most ten, the largest first. Bytes in segments are exact. Those in the WAL
 * are estimated: a span of the index has frames of other logs too, so all spans are scaled to `walBytes`.
 */
export function largestStreams(logs: Iterable<LogState>, walBytes: number): readonly StreamBytes[] {
  const streams = new Map<string, { segmentBytes: number; spanBytes: number }>();
  let allSpanBytes = 0;
  for (const log of logs) {
    const stream = streams.get(log.streamId) ?? { segmentBytes: 0, spanBytes: 0 };
    streams.set(log.streamId, stream);
    const spanBytes = indexedWalBytes(log);
    stream.segmentBytes += log.extents.dataBytes;
    stream.spanBytes += spanBytes;
    allSpanBytes += spanBytes;
  }
  const scale = allSpanBytes > walBytes ? walBytes / allSpanBytes : 1;
  return [...streams]
    .map(([streamId, { segmentBytes, spanBytes }]) => ({
      streamId,
      bytes: segmentBytes + Math.round(spanBytes * scale),
    }))
    .filter(({ bytes }) => bytes > 0)
    .sort((left, right) => right.bytes - left.bytes)
    .slice(0, streamsListed);
}
