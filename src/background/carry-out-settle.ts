import type { StreamRevision } from "../registry/stream-revision.ts";
import { visibleShards } from "../streams/positions/shard-listing.ts";
import { horizonMs, retentionMs } from "../streams/retention-window.ts";
import { commitStep } from "./commit-step.ts";
import type { ReconcilerContext } from "./reconciler.ts";

/**
 * UPDATING to ACTIVE after a change that the document holds already: tells the engine how long to keep the bytes. Expired
 * shards are left out: their logs may be gone before the document stops naming them.
 */
export async function carryOutSettle(
  { log, registry, clock }: ReconcilerContext,
  live: StreamRevision,
): Promise<StreamRevision> {
  const { stream } = live;
  await log.setRetention(
    stream.id,
    visibleShards(stream, horizonMs(clock.nowMs(), stream)).map((shard) => live.ref(shard)),
    retentionMs(stream.retentionHours),
  );
  return await commitStep(registry, live, ({ intent: _done, ...settled }) => ({ ...settled, status: "ACTIVE" }));
}
