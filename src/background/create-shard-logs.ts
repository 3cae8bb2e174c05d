import { mapInParts } from "../collections/map-in-parts.ts";
import type { ShardLog, ShardRef } from "../engine/shard-log.ts";
import type { PlannedShard } from "../streams/stream.ts";

/** Logs created at a time: enough to share a commit group, few enough that appends are not held up. */
const concurrentCreatesMax = 64;

/** Creates the log of every planned shard and returns their refs in the same order. May be repeated. */
export async function createShardLogs(
  log: ShardLog,
  streamId: string,
  planned: readonly PlannedShard[],
  openShardCount: number,
): Promise<readonly ShardRef[]> {
  return await mapInParts(planned, concurrentCreatesMax, ({ index }) =>
    log.createShard(streamId, index, { openShardCount }),
  );
}
