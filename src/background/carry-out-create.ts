import type { StreamRevision } from "../registry/stream-revision.ts";
import { applyCreate } from "../streams/resharding/apply-reshard.ts";
import { retentionMs } from "../streams/retention-window.ts";
import type { StreamIntent } from "../streams/stream.ts";
import { commitTransition } from "./commit-transition.ts";
import { createShardLogs } from "./create-shard-logs.ts";
import type { ReconcilerContext } from "./reconciler.ts";

/** CREATING to ACTIVE: opens every log, then shows all shards with one change of the document. */
export async function carryOutCreate(
  { log, registry }: ReconcilerContext,
  revision: StreamRevision,
  intent: Extract<StreamIntent, { kind: "create" }>,
): Promise<StreamRevision> {
  const refs = await createShardLogs(log, revision.stream.id, intent.opening, intent.opening.length);
  await log.setRetention(revision.stream.id, refs, retentionMs(revision.stream.retentionHours));
  const placements = refs.map((ref) => ref.placement);
  return await commitTransition(registry, revision, (stream) => applyCreate(stream, intent, placements));
}
