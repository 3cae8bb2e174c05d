import type { ShardLog, ShardRef } from "../engine/shard-log.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { applyReshard } from "../streams/resharding/apply-reshard.ts";
import type { ReshardPlan } from "../streams/resharding/reshard-plan.ts";
import { retentionMs } from "../streams/retention-window.ts";
import type { Shard, Stream } from "../streams/stream.ts";
import { createShardLogs } from "./create-shard-logs.ts";
import type { ReconcilerContext } from "./reconciler.ts";

/** One past the last position of an empty shard. */
const emptyEnd = 1n;

/**
 * Makes everything ready for one atomic switch from parents to children, by one split or merge or by many that build on
 * one another: opens the children's logs, seals the parents, and gives the change of the document. Until that is written
 * readers and writers see the parents; a writer that meets a sealed parent waits for it. Harmless to repeat, as long as
 * the steps are the same.
 */
export async function prepareReshard(
  { log, clock }: ReconcilerContext,
  revision: StreamRevision,
  steps: readonly ReshardPlan[],
  operationId: string,
): Promise<(stream: Stream) => Stream> {
  const { stream } = revision;
  const closing = steps.flatMap((step) => step.closing);
  const opening = steps.flatMap((step) => step.opening);
  const openCount = stream.shards.filter((shard) => shard.closed === undefined).length;

  // Children first: from the seal on writers wait, so nothing slow may stand between the seal and the switch.
  const children = await createShardLogs(log, stream.id, opening, openCount - closing.length + opening.length);
  await log.setRetention(stream.id, children, retentionMs(stream.retentionHours));
  const opened = new Map(children.map((ref) => [ref.shardIndex, ref]));
  const links = closing.map((index) => opened.get(index)).filter((ref) => ref !== undefined);
  await Promise.all(links.map((ref) => log.seal(ref, operationId)));

  const parents = closing.map((index) => revision.shard(index)).filter((shard) => shard !== undefined);
  const sealed = await Promise.all(parents.map((parent) => log.seal(revision.ref(parent), operationId)));
  const ends = new Map(parents.map(({ index }, i) => [index, sealed[i]?.end ?? emptyEnd]));
  const lastRecords = await Promise.all(
    parents.map((parent) => lastRecordMs(log, revision.ref(parent), ends.get(parent.index) ?? emptyEnd)),
  );

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
 * Not before the last record of any parent, nor before their own parents closed, though the clock was set back: listings
 * judge by it how long a shard is needed, and a shard must not leave them before its ancestors.
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

/** When the shard's last record was sent or stored, whichever is later; 0 for an empty shard. */
async function lastRecordMs(log: ShardLog, shard: ShardRef, end: bigint): Promise<number> {
  if (end === emptyEnd) return 0;
  const { entries } = await log.read(shard, end - 1n, { entriesMax: 1, bytesMax: 1 });
  const last = entries.at(-1);
  return last === undefined ? 0 : Math.max(last.timeMs, last.storedMs);
}
