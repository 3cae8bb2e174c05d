/** Records of one shard: positions from `from` up to, without, `to`. Both are where entries begin or end. */
export interface ShardRange {
  readonly shardIndex: number;
  readonly from: number;
  readonly to: number;
}

/**
 * What a batch is: written durably before anything of it can be seen at its destination. Everything that decides what is
 * stored follows from it, so that a batch that is stored again after a crash is the same one.
 */
export interface Cut {
  /** 1, 2, 3 … within the channel. */
  readonly number: number;
  /** Six characters of `[a-z0-9]`, so that no name of this batch is one that any other batch had. */
  readonly random: string;
  /** In the order in which the records stand in the batch. */
  readonly ranges: readonly ShardRange[];
  /** Arrival of the oldest record, ms since the epoch. */
  readonly oldestMs: number;
}

/** What makes the names of a batch unlike those of all others: its number in base 36, padded, and the random characters. */
export function cutSuffix({ number, random }: Cut): string {
  return `${number.toString(36).padStart(6, "0")}-${random}`;
}
