import assert from "node:assert/strict";
import { checkTiling } from "./check-tiling.ts";
import type { PlannedShard, Shard, Stream, StreamIntent } from "./stream.ts";

type Placement = Shard["placement"];

/** CREATING to ACTIVE: the planned shards are there, each with its log; `placements` in the order planned. */
export function applyCreate(
  stream: Stream,
  intent: Extract<StreamIntent, { kind: "create" }>,
  placements: readonly Placement[],
): Stream {
  return activeWith(stream, openShards(intent.opening, intent.createSecond, placements));
}

export interface ReshardOutcome {
  /** As `reshardSecond` gave it: the parents end in it, their children begin in the next. */
  readonly second: number;
  /** When the parents closed, on the clock that retention goes by. */
  readonly closedMs: number;
  /** One past the last position of each closed shard, in the order of `closing`. */
  readonly ends: readonly bigint[];
  /** In the order of `opening`. */
  readonly placements: readonly Placement[];
}

/** One atomic switch: parents closed, children open, stream ACTIVE, intent gone. */
export function applyReshard(
  stream: Stream,
  { closing, opening }: Pick<Extract<StreamIntent, { kind: "reshard" }>, "closing" | "opening">,
  { second, closedMs, ends, placements }: ReshardOutcome,
): Stream {
  const shards = stream.shards.map((shard) => {
    const at = closing.indexOf(shard.index);
    if (at === -1) return shard;
    const end = ends[at];
    assert(end !== undefined && shard.closed === undefined, "a plan closes open shards and knows their ends");
    return { ...shard, closed: { second, end, closedMs } };
  });
  return activeWith(stream, [...shards, ...openShards(opening, second + 1, placements)]);
}

/**
 * The second in which parents end: not before any record or create second of theirs, so that every number of a child is
 * above every number of its parents, whatever the clock did. Empty shards have no latest record: pass 0.
 */
export function reshardSecond(
  nowMs: number,
  latestRecordSecond: number,
  parentsCreateSeconds: readonly number[],
): number {
  return parentsCreateSeconds.reduce(
    (latest, second) => Math.max(latest, second),
    Math.max(Math.floor(nowMs / 1000), latestRecordSecond),
  );
}

function openShards(
  opening: readonly PlannedShard[],
  createSecond: number,
  placements: readonly Placement[],
): readonly Shard[] {
  return opening.map((planned, i) => {
    const placement = placements[i];
    assert(placement !== undefined, "each new shard has its log");
    return { ...planned, createSecond, placement };
  });
}

function activeWith({ intent: _done, ...stream }: Stream, shards: readonly Shard[]): Stream {
  const open = shards.filter((shard) => shard.closed === undefined);
  checkTiling(open.sort((one, other) => (one.startingHashKey < other.startingHashKey ? -1 : 1)));
  const nextShardIndex = shards.reduce((next, shard) => Math.max(next, shard.index + 1), stream.nextShardIndex);
  return { ...stream, status: "ACTIVE", shards, nextShardIndex };
}
