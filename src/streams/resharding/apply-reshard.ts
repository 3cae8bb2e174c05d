import assert from "node:assert/strict";
import { checkHashRanges } from "../hash-keys/check-hash-ranges.ts";
import type { PlannedShard, Shard, Stream, StreamIntent } from "../stream.ts";
import type { ReshardPlan } from "./reshard-plan.ts";

type Placement = Shard["placement"];

/** CREATING to ACTIVE: the planned shards are there, each with its log; `placements` in the order planned. */
export function applyCreate(
  stream: Stream,
  intent: Extract<StreamIntent, { kind: "create" }>,
  placements: readonly Placement[],
): Stream {
  const { opening, createSecond } = intent;
  return activeWith(
    stream,
    opening.map((planned, i) => openShard(planned, createSecond, placements[i])),
  );
}

export interface ReshardOutcome {
  /** When the shards closed, on the clock that retention goes by. */
  readonly closedMs: number;
  /** The earliest second in which parents may end: neither the clock's nor that of any of their records is later. */
  readonly second: number;
  /** One past the last position of each closed shard, in the order in which the steps close them. */
  readonly ends: readonly bigint[];
  /** In the order in which the steps open shards. */
  readonly placements: readonly Placement[];
}

/**
 * One atomic switch: the parents of every step closed, its children open, stream ACTIVE, intent gone. A step may close
 * what an earlier one opened: such a shard is born closed and empty, a link between its parents and its children.
 */
export function applyReshard(
  stream: Stream,
  steps: readonly ReshardPlan[],
  { closedMs, second: earliestSecond, ends, placements }: ReshardOutcome,
): Stream {
  const shards = new Map(stream.shards.map((shard) => [shard.index, shard]));
  let closedCount = 0;
  let openedCount = 0;
  for (const { closing, opening } of steps) {
    const parents = closing.map((index) => {
      const parent = shards.get(index);
      assert(parent !== undefined && parent.closed === undefined, "a plan closes open shards");
      return parent;
    });
    const second = reshardSecond(earliestSecond, parents);
    for (const parent of parents) {
      const end = ends[closedCount++];
      assert(end !== undefined, "the end of each closed shard is known");
      shards.set(parent.index, { ...parent, closed: { second, end, closedMs } });
    }
    for (const planned of opening) {
      shards.set(planned.index, openShard(planned, second + 1, placements[openedCount++]));
    }
  }
  return activeWith(stream, [...shards.values()]);
}

/**
 * The second in which all parents of one step end, and before which their children begin: not before `earliestSecond`, as
 * the outcome has it, nor the create second of any parent, so that every number of a child is above every number of its
 * parents, whatever the clock did.
 */
export function reshardSecond(earliestSecond: number, parents: readonly Pick<Shard, "createSecond">[]): number {
  return parents.reduce((latest, { createSecond }) => Math.max(latest, createSecond), earliestSecond);
}

function openShard(planned: PlannedShard, createSecond: number, placement: Placement | undefined): Shard {
  assert(placement !== undefined, "each new shard has its log");
  return { ...planned, createSecond, placement };
}

function activeWith({ intent: _done, ...stream }: Stream, shards: readonly Shard[]): Stream {
  const open = shards.filter((shard) => shard.closed === undefined);
  checkHashRanges(open.sort((one, other) => (one.startingHashKey < other.startingHashKey ? -1 : 1)));
  const nextShardIndex = shards.reduce((next, shard) => Math.max(next, shard.index + 1), stream.nextShardIndex);
  return { ...stream, status: "ACTIVE", shards, nextShardIndex };
}
