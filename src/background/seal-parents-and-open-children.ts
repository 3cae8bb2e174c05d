import type { ShardLog, ShardRef } from "../engine/shard-log.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { applyReshard } from "../streams/resharding/apply-reshard.ts";
import type { ReshardPlan } from "../streams/resharding/reshard-plan.ts";
import { retentionMs } from "../streams/retention-window.ts";
import type { Shard, Stream } from "../streams/stream.ts";
import { createShardLogs } from "./create-shard-logs.ts";
import type { ReconcilerContext } from "./reconciler-context.ts";

/** End position of an empty shard log: positions start at 1. */
const emptyEnd = 1n;

/**
 * Prepares the change from parent shards to child shards, for one split or merge or for several that build on one another:
 * creates the logs of the children, seals the logs of the parents, and returns the change to apply to the document. Until
 * that is written, readers and writers use the parents; a writer that meets a sealed parent waits for it. May be repeated
 * with the same steps.
 */
export async function sealParentsAndOpenChildren(
  { log, clock }: ReconcilerContext,
  revision: StreamRevision,
  steps: readonly ReshardPlan[],
  operationId: string,
): Promise<(stream: Stream) => Stream> {
  const { stream } = revision;
  const closing = steps.flatMap((step) => step.closing);
  const opening = steps.flatMap((step) => step.opening);
  const openCount = stream.shards.filter((shard) => shard.closed === undefined).length;

  // The children come first: once a parent is sealed its writers wait, so nothing slow may follow the seal.
  const children = await createShardLogs(log, stream.id, opening, openCount - closing.length + opening.length);
  await log.setRetention(stream.id, children, retentionMs(stream.retentionHours));
  // Shards that one step opens and a later one closes stay empty.
  const childRefs = new Map(children.map((ref) => [ref.shardIndex, ref]));
  const emptyRefs = closing.map((index) => childRefs.get(index)).filter((ref) => ref !== undefined);
  await Promise.all(emptyRefs.map((ref) => log.seal(ref, operationId)));

  const parents = closing.map((index) => revision.shard(index)).filter((shard) => shard !== undefined);
  const sealed = await Promise.all(parents.map((parent) => log.seal(revision.ref(parent), operationId)));
  const ends = new Map(parents.map(({ index }, i) => [index, sealed[i]?.end ?? emptyEnd]));
  const lastRecords = await Promise.all(parents.map((parent) => lastRecordMs(log, revision.ref(parent))));

  const nowMs = clock.nowMs();
  const latestRecordMs = Math.max(0, ...lastRecords);
  const outcome = {
    second: Math.floor(Math.max(nowMs, latestRecordMs) / 1000),
    closedMs: closingMs(revision, parents, Math.max(nowMs, latestRecordMs)),
    ends: closing.map((index) => ends.get(index) ?? emptyEnd),
    placements: children.map((ref) => ref.placement),
  };
  return (newest) => applyReshard(newest, steps, outcome);
}

/**
 * The time at which the parents close: not before their last record, nor before their own parents closed, even when the
 * clock was set back. Listings keep a closed shard by this time, and no shard may leave them before its ancestors.
 */
function closingMs(revision: StreamRevision, parents: readonly Shard[], earliestMs: number): number {
  let latestMs = earliestMs;
  for (const { parent, adjacentParent } of parents) {
    for (const index of [parent, adjacentParent]) {
      const closed = index === undefined ? undefined : revision.shard(index)?.closed;
      if (closed !== undefined) latestMs = Math.max(latestMs, closed.closedMs);
    }
  }
  return latestMs;
}

/** The later of the times at which the last record of a shard was sent and stored; 0 for an empty shard. */
async function lastRecordMs(log: ShardLog, shard: ShardRef): Promise<number> {
  const { entries } = await log.read(shard, await log.seek(shard, { at: "last" }), { entriesMax: 1, bytesMax: 1 });
  const last = entries.at(-1);
  return last === undefined ? 0 : Math.max(last.timeMs, last.storedMs);
}
