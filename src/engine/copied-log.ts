import type { Position, ShardLog, ShardRef, StoredEntry } from "./shard-log.ts";

/**
 * Shard logs that take over the entries of other engines' logs with the positions and times that they have there. Positions
 * without a record stay without one; what is appended later has positions behind all that were taken over.
 */
export interface CopyTarget extends ShardLog {
  /** One past the last position of a log that was taken over so far: where a copy goes on. */
  copiedEnd(shard: ShardRef): Promise<Position>;

  /**
   * Stores entries at their positions, which follow in order what `copiedEnd()` has told before; `next` is one past the last
   * position that the source has given or shown. Resolves when all are durable. Calls for one log are made one after another.
   * Rejects with `conflict` if something else has written to the log since then.
   */
  appendCopied(shard: ShardRef, entries: readonly StoredEntry[], next: Position): Promise<void>;
}
