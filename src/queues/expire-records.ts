import type { ShardLog } from "../engine/shard-log.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { QueueState } from "./state/queue-state.ts";

/** Lets go of records that were stored before a time, those in flight and dead letters too. */
export async function expireRecords(
  log: ShardLog,
  revision: StreamRevision,
  state: QueueState,
  oldestMs: number,
): Promise<void> {
  for (const cursor of [...state.cursors]) {
    const shard = revision.shard(cursor.shardIndex);
    if (shard === undefined) continue;
    try {
      const position = await log.seek(revision.ref(shard), { at: "time", timeMs: oldestMs });
      state.expireBelow(cursor, Math.min(Number(position), cursor.tip));
    } catch {
      // The next look, or the next read of the shard, meets the fault again, and reports it.
    }
  }
}
