/** Sizes, in bytes, that decide when WAL files are flushed and how large segments become. */
export interface CompactionLimits {
  /** Closed WAL files beyond this are flushed, the oldest first. The newest are still read from memory. */
  readonly flushAfterBytes: number;
  /** A stream with this much in a WAL file gets a segment of its own. */
  readonly ownSegmentBytes: number;
  /** Smaller segments of a stream are merged with their neighbours. */
  readonly smallSegmentBytesMax: number;
  /** The largest segment that compaction makes. */
  readonly mergedSegmentBytesMax: number;
}
