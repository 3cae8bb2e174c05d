/** When files of the log become segments, and when segments are written anew. */
export interface CompactionLimits {
  /** Closed WAL files beyond so many bytes are sealed, oldest first: the newest are still read from memory. */
  readonly flushAfterBytes: number;
  /** A stream with so many bytes in a WAL file gets a segment of its own. */
  readonly ownSegmentBytes: number;
  /** Segments of a stream below this are merged with their neighbours. */
  readonly smallSegmentBytesMax: number;
  /** Of what a merge or a rewriting makes. */
  readonly mergedSegmentBytesMax: number;
}
