import type { StreamRevision } from "../registry/stream-revision.ts";
import { visibleShards } from "../streams/positions/shard-filter.ts";
import { horizonMs, retentionMs } from "../streams/retention-window.ts";
import { commitTransition } from "./commit-transition.ts";
import type { ReconcilerContext } from "./reconciler.ts";

/**
 * UPDATING to ACTIVE after a change that the document holds already: tells the engine how long to keep the bytes. Expired
 * shards are left out: their logs may be gone before the document stops naming them.
 */
export async function carryOutSettle(
  { log, registry, clock }: ReconcilerContext,
  revision: StreamRevision,
): Promise<StreamRevision> {
  const { stream } = revision;
  await log.setRetention(
    stream.id,
    visibleShards(stream, horizonMs(clock.nowMs(), stream)).map((shard) => revision.ref(shard)),
    retentionMs(stream.retentionHours),
  );
  return await commitTransition(registry, revision, ({ intent: _done, ...settled }) => ({
    ...settled,
    status: "ACTIVE",
  }));
}
