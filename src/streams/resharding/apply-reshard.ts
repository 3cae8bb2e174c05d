import assert from "node:assert/strict";
import { assertTiling } from "../hash-keys/hash-key-range.ts";
import { openShardsOf } from "../hash-keys/open-shards.ts";
import type { PlannedShard, Shard, Stream, StreamIntent } from "../stream.ts";
import type { ReshardPlan } from "./reshard-plan.ts";

type Placement = Shard["placement"];

/** CREATING to ACTIVE with the planned shards. `placements` of their logs are in the order of the plan. */
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
  /** When the shards closed, ms since the epoch; retention is counted from it. */
  readonly closedMs: number;
  /** Epoch second of the clock or of the last record of the parents, whichever is later; no parent ends before it. */
  readonly second: number;
  /** One past the last position of each closed shard, in the order in which the steps close them. */
  readonly ends: readonly bigint[];
  /** In the order in which the steps open shards. */
  readonly placements: readonly Placement[];
}

/**
 * UPDATING to ACTIVE: closes the parents and opens the children of all steps at once. A step may close a shard that an
 * earlier one opened: that shard is closed and empty from the start and only links its parents to its children.
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
    const second = closingSecond(earliestSecond, parents);
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
 * The second in which the parents of a step end; their children begin in the next one. Not before `earliestSecond`, nor the
 * create second of a parent, so that all sequence numbers of a child are above those of its parents, whatever the clock
 * did.
 */
export function closingSecond(earliestSecond: number, parents: readonly Pick<Shard, "createSecond">[]): number {
  return parents.reduce((latest, { createSecond }) => Math.max(latest, createSecond), earliestSecond);
}

function openShard(planned: PlannedShard, createSecond: number, placement: Placement | undefined): Shard {
  assert(placement !== undefined, "each new shard has a log");
  return { ...planned, createSecond, placement };
}

function activeWith({ intent: _done, ...stream }: Stream, shards: readonly Shard[]): Stream {
  assertTiling(openShardsOf(shards));
  const nextShardIndex = shards.reduce((next, shard) => Math.max(next, shard.index + 1), stream.nextShardIndex);
  return { ...stream, status: "ACTIVE", shards, nextShardIndex };
}
