import type { ShardLog, ShardRef } from "../engine/shard-log.ts";
import type { PlannedShard } from "../streams/stream.ts";

/** Logs opened at once: enough to share a group commit, few enough to leave context for writers. */
const openingCountMax = 64;

/** Opens the log of every planned shard, in the order planned. Harmless to repeat. */
export async function createShardLogs(
  log: ShardLog,
  streamId: string,
  planned: readonly PlannedShard[],
  openShardCount: number,
): Promise<readonly ShardRef[]> {
  const refs: ShardRef[] = [];
  for (let i = 0; i < planned.length; i += openingCountMax) {
    const some = planned.slice(i, i + openingCountMax);
    refs.push(...(await Promise.all(some.map((shard) => log.createShard(streamId, shard.index, { openShardCount })))));
  }
  return refs;
}
