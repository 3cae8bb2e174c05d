import { mapInParts } from "../collections/map-in-parts.ts";
import type { ShardLog } from "../engine/shard-log.ts";
import { latestEpochSecondOf, type PendingDrop } from "../registry/deleted-streams.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { visibleShards } from "../streams/positions/shard-filter.ts";
import { applyCreate } from "../streams/resharding/apply-reshard.ts";
import { planResize } from "../streams/resharding/resize-plan.ts";
import { retentionMs, trimHorizonMs } from "../streams/retention-window.ts";
import type { StreamIntent } from "../streams/stream.ts";
import { commitStep } from "./commit-step.ts";
import { createShardLogs } from "./create-shard-logs.ts";
import type { ReconcilerContext } from "./reconciler-context.ts";
import { sealParentsAndOpenChildren } from "./seal-parents-and-open-children.ts";

/** Shard logs that are fenced at a time: each costs an engine on other servers a few requests. */
const concurrentFencesMax = 64;

/*
 * One function for each kind of intent. Each may be repeated from its start after a crash. Each rejects with `conflict`
 * when the stream's document has another intent meanwhile.
 */

/** CREATING to ACTIVE: creates all shard logs, then writes all shards with one change of the document. */
export async function runCreate(
  { log, registry }: ReconcilerContext,
  revision: StreamRevision,
  intent: Extract<StreamIntent, { kind: "create" }>,
): Promise<StreamRevision> {
  const { stream } = revision;
  const refs = await createShardLogs(log, stream.id, intent.opening, intent.opening.length);
  await log.setRetention(stream.id, refs, retentionMs(stream.retentionHours));
  const placements = refs.map((ref) => ref.placement);
  return await commitStep(registry, revision, (newest) => applyCreate(newest, intent, placements));
}

/** UPDATING to ACTIVE: one split or merge. */
export async function runReshard(
  context: ReconcilerContext,
  revision: StreamRevision,
  intent: Extract<StreamIntent, { kind: "reshard" }>,
): Promise<StreamRevision> {
  const apply = await sealParentsAndOpenChildren(context, revision, [intent], intent.operationId);
  return await commitStep(context.registry, revision, apply);
}

/**
 * UPDATING to ACTIVE: all splits and merges of a resize with one change of the document, so that a record is routed again
 * at most once. The plan follows from the open shards alone, so a restart makes the same one.
 */
export async function runResize(
  context: ReconcilerContext,
  revision: StreamRevision,
  { operationId, targetCount }: Extract<StreamIntent, { kind: "resize" }>,
): Promise<StreamRevision> {
  const { shards, nextShardIndex } = revision.stream;
  const open = shards.filter((shard) => shard.closed === undefined);
  const steps = planResize(open, nextShardIndex, targetCount);
  const apply = await sealParentsAndOpenChildren(context, revision, steps, operationId);
  return await commitStep(context.registry, revision, apply);
}

/**
 * UPDATING to ACTIVE after a change of settings that the document contains already: passes the retention on to the engine.
 * Expired shards are left out, because their logs may be dropped before the document stops naming them. When the settings epoch
 * is a new one, no record that is encoded by an older document can be stored any more once the stream is ACTIVE.
 */
export async function runSettingsChange(
  { log, registry, clock }: ReconcilerContext,
  revision: StreamRevision,
  { fences = false }: Extract<StreamIntent, { kind: "settle" }>,
): Promise<StreamRevision> {
  const { stream } = revision;
  const refs = visibleShards(stream, trimHorizonMs(clock.nowMs(), stream)).map((shard) => revision.ref(shard));
  await log.setRetention(stream.id, refs, retentionMs(stream.retentionHours));
  const epoch = fences ? await fenceOpenShards(log, revision) : 0;
  return await commitStep(registry, revision, ({ intent: _done, ...settled }) => ({
    ...settled,
    status: "ACTIVE",
    ...(epoch > (settled.settingsEpoch ?? 0) ? { settingsEpoch: epoch } : {}),
  }));
}

/**
 * Resolves with the largest settings epoch of the logs. It is above that of the document only where logs and documents
 * come from backups of different times; then the document takes it over, so that the logs can be written to again.
 */
async function fenceOpenShards(log: ShardLog, { stream, openRefs }: StreamRevision): Promise<number> {
  const { settingsEpoch = 0 } = stream;
  const epochs = await mapInParts(openRefs, concurrentFencesMax, (ref) => log.fenceBefore(ref, settingsEpoch));
  return Math.max(settingsEpoch, ...epochs);
}

/**
 * Removes the document of a DELETING stream and returns the shard logs that are still to be dropped. The document goes
 * first, so that no reader uses a log that is being dropped. The list of logs and the last second used are durable before
 * that, so that a crash between the two loses neither.
 */
export async function runDelete(
  { registry, deletedStreams, clock }: ReconcilerContext,
  revision: StreamRevision,
): Promise<PendingDrop> {
  const { stream } = revision;
  const { account, region, name } = stream;
  const drop = { streamId: stream.id, shards: stream.shards.map((shard) => revision.ref(shard)) };
  await deletedStreams.recordLastSecond(account, region, name, latestEpochSecondOf(stream, clock.nowMs()));
  await deletedStreams.beginDrop(drop);
  await registry.remove(revision);
  return drop;
}
