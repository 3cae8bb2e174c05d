import type { StreamRevision } from "../registry/stream-revision.ts";
import type { ShardServices } from "../shards/shard-services.ts";
import { trimHorizonMs } from "../streams/retention-window.ts";
import type { StreamQueue } from "../streams/stream.ts";
import { type LoadedLog, loadState } from "./log/load-state.ts";
import type { QueueState } from "./state/queue-state.ts";
import { stateLogRef } from "./state-log-ref.ts";

/**
 * Fills the state of a queue: what its state log says, and where its shards begin and end now. What an interrupted change of
 * generations left behind is dropped.
 */
export async function loadQueueState(
  { log, clock }: ShardServices,
  revision: StreamRevision,
  row: StreamQueue,
  state: QueueState,
): Promise<LoadedLog> {
  const startMs = Math.max(trimHorizonMs(clock.nowMs(), revision.stream), row.startMs ?? 0);
  const refs = revision.stream.shards.map((shard) => revision.ref(shard));
  const ranges = await Promise.all(
    refs.map(async (ref) => ({
      floor: Number(await log.seek(ref, { at: "time", timeMs: startMs })),
      tip: Number(await log.seek(ref, { at: "newest" })),
    })),
  );
  for (const [index, { shardIndex }] of refs.entries()) {
    state.addShard(shardIndex, ranges[index] ?? { floor: 1, tip: 1 });
  }
  const loaded = await loadState(log, stateLogRef(row), state);
  if (loaded.origin !== undefined) await log.dropShard(loaded.origin);
  return loaded;
}
