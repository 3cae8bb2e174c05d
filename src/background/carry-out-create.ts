import type { StreamRevision } from "../registry/stream-revision.ts";
import { applyCreate } from "../streams/resharding/apply-plan.ts";
import { retentionMs } from "../streams/retention-window.ts";
import type { StreamIntent } from "../streams/stream.ts";
import { commitStep } from "./commit-step.ts";
import { createShardLogs } from "./create-shard-logs.ts";
import type { ReconcilerContext } from "./reconciler.ts";

/** CREATING to ACTIVE: opens every log, then shows all shards with one change of the document. */
export async function carryOutCreate(
  { log, registry }: ReconcilerContext,
  live: StreamRevision,
  intent: Extract<StreamIntent, { kind: "create" }>,
): Promise<StreamRevision> {
  const refs = await createShardLogs(log, live.stream.id, intent.opening, intent.opening.length);
  await log.setRetention(live.stream.id, refs, retentionMs(live.stream.retentionHours));
  const placements = refs.map((ref) => ref.placement);
  return await commitStep(registry, live, (stream) => applyCreate(stream, intent, placements));
}
