import { EngineError } from "../engine/engine-error.ts";
import type { ShardRef } from "../engine/shard-log.ts";
import type { StreamRegistry } from "../registry/stream-registry.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { findQueue, replaceQueue } from "../streams/queue-ref.ts";

/**
 * Lets a queue's row name another state log, with one change of the stream's document. Returns false when the queue is gone or
 * being deleted.
 */
export async function commitGeneration(
  registry: StreamRegistry,
  revision: StreamRevision,
  queueId: string,
  { shardIndex: generation, placement }: ShardRef,
): Promise<boolean> {
  return await registry.inTurn(revision, async () => {
    for (;;) {
      const newest = registry.current(revision);
      const row = newest === undefined ? undefined : findQueue(newest.stream, queueId);
      if (newest === undefined || row === undefined || row.status === "DELETING") return false;
      if (row.stateLog?.generation === generation) return true;
      const next = replaceQueue(newest.stream, { ...row, stateLog: { generation, placement } });
      if (await isWritten(registry.replace(newest, next))) return true;
    }
  });
}

/** False when another change came first. */
async function isWritten(replaced: Promise<StreamRevision>): Promise<boolean> {
  try {
    await replaced;
    return true;
  } catch (error) {
    if (error instanceof EngineError && error.kind === "conflict") return false;
    throw error;
  }
}
