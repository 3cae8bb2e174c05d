import type { LiveStream } from "../directory/live-stream.ts";
import type { ShardLog, ShardRef } from "../engine/shard-log.ts";
import { applyReshard, reshardSecond } from "../streams/apply-plan.ts";
import { retentionMs } from "../streams/retention-window.ts";
import type { StreamIntent } from "../streams/stream.ts";
import { openLogs } from "./open-logs.ts";
import type { UpkeepRoom } from "./upkeep.ts";

/**
 * A split or merge: opens the children's logs, seals the parents, then switches with one change of the document. Until
 * the switch readers and writers see the parents; a writer that meets a sealed parent waits for the switch.
 */
export async function carryOutReshard(
  { log, directory, clock }: UpkeepRoom,
  live: LiveStream,
  intent: Extract<StreamIntent, { kind: "reshard" }>,
): Promise<LiveStream> {
  const { stream } = live;
  const parents = intent.closing.map((index) => live.shard(index)).filter((shard) => shard !== undefined);
  const openCount = stream.shards.filter((shard) => shard.closed === undefined).length;
  const openAfter = openCount - parents.length + intent.opening.length;

  // Children first: from the seal on writers wait, so nothing slow may stand between the seal and the switch.
  const children = await openLogs(log, stream.id, intent.opening, openAfter);
  await log.setRetention(stream.id, children, retentionMs(stream.retentionHours));
  const sealed = await Promise.all(parents.map((parent) => log.seal(live.ref(parent), intent.operationId)));
  const lastSeconds = await Promise.all(parents.map((parent, i) => lastSecond(log, live.ref(parent), sealed[i]?.end ?? 1n)));

  const nowMs = clock.nowMs();
  const second = reshardSecond(nowMs, Math.max(0, ...lastSeconds), parents.map((parent) => parent.createSecond));
  const next = applyReshard(stream, intent, {
    second,
    nowMs,
    ends: sealed.map(({ end }) => end),
    placements: children.map((ref) => ref.placement),
  });
  return await directory.replace(live, next);
}

/** The latest second that a number of this shard may carry; 0 for an empty shard. */
async function lastSecond(log: ShardLog, shard: ShardRef, end: bigint): Promise<number> {
  if (end === 1n) return 0;
  const { entries } = await log.read(shard, end - 1n, { entriesMax: 1, bytesMax: 1 });
  const last = entries.at(-1);
  return last === undefined ? 0 : Math.floor(Math.max(last.timeMs, last.storedMs) / 1000);
}
