import type { StreamBytes } from "../engine.ts";
import type { StreamByteCounts } from "./state/stored-byte-counts.ts";

const streamsListed = 10;

/** The streams with the most bytes on the disk, at most ten, the largest first. */
export function largestStreams(streams: Iterable<StreamByteCounts>): readonly StreamBytes[] {
  return Array.from(streams, ({ streamId, bytes }) => ({ streamId, bytes }))
    .filter(({ bytes }) => bytes > 0)
    .sort((left, right) => right.bytes - left.bytes)
    .slice(0, streamsListed);
}
