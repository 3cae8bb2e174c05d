import type { ShardRef } from "../engine/shard-log.ts";
import type { StreamQueue } from "../streams/stream.ts";

/** The generation of the log with which a queue begins. */
export const firstGeneration = 1;

/** The log that a queue's row names. */
export function stateLogRef({ id, stateLog }: StreamQueue): ShardRef {
  if (stateLog === undefined) throw new Error("a queue that was ACTIVE has a state log");
  return { streamId: id, shardIndex: stateLog.generation, placement: stateLog.placement };
}
