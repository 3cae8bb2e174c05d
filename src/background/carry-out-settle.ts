import type { StreamRevision } from "../registry/stream-revision.ts";
import { retentionMs } from "../streams/retention-window.ts";
import { commitStep } from "./commit-step.ts";
import type { ReconcilerContext } from "./reconciler.ts";

/** UPDATING to ACTIVE after a change that the document holds already: tells the engine how long to keep the bytes. */
export async function carryOutSettle(
  { log, registry }: ReconcilerContext,
  live: StreamRevision,
): Promise<StreamRevision> {
  const { stream } = live;
  await log.setRetention(
    stream.id,
    stream.shards.map((shard) => live.ref(shard)),
    retentionMs(stream.retentionHours),
  );
  return await commitStep(registry, live, ({ intent: _done, ...settled }) => ({ ...settled, status: "ACTIVE" }));
}
