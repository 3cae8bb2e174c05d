import type { PendingDrop } from "../registry/deleted-streams.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { lastSecondUsed } from "../streams/resharding/last-second.ts";
import type { ReconcilerContext } from "./reconciler.ts";

/**
 * DELETING to gone. The document goes before the logs, so that nobody reads logs that are being freed; what is to be freed
 * and the last second used are written down before that, so that a crash in between loses neither. Gives what is to be freed.
 */
export async function carryOutDelete(
  { registry, deletedStreams, clock }: ReconcilerContext,
  revision: StreamRevision,
): Promise<PendingDrop> {
  const { stream } = revision;
  const shards = stream.shards.map((shard) => revision.ref(shard));
  await deletedStreams.recordLastSecond(
    stream.account,
    stream.region,
    stream.name,
    lastSecondUsed(stream, clock.nowMs()),
  );
  const drop = { streamId: stream.id, shards };
  await deletedStreams.beginDrop(drop);
  await registry.remove(revision);
  return drop;
}
