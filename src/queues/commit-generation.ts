import { isConflict } from "../engine/engine-error.ts";
import type { ShardRef } from "../engine/shard-log.ts";
import type { StreamRegistry } from "../registry/stream-registry.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { findQueue, replaceQueue } from "../streams/queue-ref.ts";
import type { Stream } from "../streams/stream.ts";

export interface GenerationChange {
  /** The log that the row names, unless another server has taken the queue over. */
  readonly from: ShardRef;
  readonly to: ShardRef;
}

/**
 * Lets a queue's row name another state log, with one change of the stream's document. Returns false when the queue is gone,
 * being deleted, or taken over by another server. May be repeated.
 */
export async function commitGeneration(
  registry: StreamRegistry,
  revision: StreamRevision,
  queueId: string,
  { from, to }: GenerationChange,
): Promise<boolean> {
  return await registry.inTurn(revision, async () => {
    for (;;) {
      const newest = registry.current(revision);
      const next = newest === undefined ? false : planGeneration(newest.stream, queueId, { from, to });
      if (newest === undefined || typeof next === "boolean") return next === true;
      if (await isWritten(registry.replace(newest, next))) return true;
    }
  });
}

/** The stream whose row names the log; true if it does so already, false if it must not. */
function planGeneration(stream: Stream, queueId: string, { from, to }: GenerationChange): Stream | boolean {
  const row = findQueue(stream, queueId);
  if (row === undefined || row.status === "DELETING") return false;
  const named = row.stateLog?.generation;
  if (named === to.shardIndex) return true;
  if (named !== from.shardIndex) return false;
  return replaceQueue(stream, { ...row, stateLog: { generation: to.shardIndex, placement: to.placement } });
}

/** False when another change came first. */
async function isWritten(replaced: Promise<StreamRevision>): Promise<boolean> {
  try {
    await replaced;
    return true;
  } catch (error) {
    if (isConflict(error)) return false;
    throw error;
  }
}
