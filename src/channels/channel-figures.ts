/** Figures of a channel that is delivering. The counters begin with the server. */
export interface ChannelFigures {
  readonly batchCount: number;
  readonly recordCount: number;
  /** Records that could not be delivered and are named by the dead letters. */
  readonly failedCount: number;
  /** Records that expired in the stream before they were delivered. */
  readonly expiredCount: number;
  /** Bytes of the data of records. */
  readonly bytesIn: number;
  /** Bytes stored at the destination. */
  readonly bytesOut: number;
  /** Attempts that failed and are made again. */
  readonly failureCount: number;
  /** Age of the oldest record that is not delivered; 0 when all are, undefined where it is another server's turn to know. */
  readonly freshnessSeconds: number | undefined;
}

/** Why a channel delivers nothing at present. */
export interface ChannelFailure {
  readonly sentence: string;
  /** Since the epoch. */
  readonly sinceMs: number;
}
