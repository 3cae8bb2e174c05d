import { fractionOf, type Shard } from "./shard.ts";

/** One shard as a box: across, the steps between resharding; down, its part of the hash keys. */
export interface LineageBox {
  readonly shard: Shard;
  /** Steps: 0 is the first. */
  readonly left: number;
  readonly right: number;
  /** From 0 to 1. */
  readonly top: number;
  readonly bottom: number;
}

export interface Lineage {
  readonly boxes: readonly LineageBox[];
  /** When each step began, ms since the epoch; undefined where the server does not say it. */
  readonly steps: readonly (number | undefined)[];
}

/**
 * Splits and merges in their order. Shards that appear at once are one step; a shard is in the step behind those of its
 * parents, or in the first one. Closed shards end where their children begin, open ones at the end.
 */
export function lineageOf(shards: readonly Shard[]): Lineage {
  const childTimes = new Map<string, number>();
  const sorted = [...shards].sort((one, other) => one.index - other.index);
  const times = new Map(sorted.map((shard) => [shard.id, startOf(shard, sorted)]));
  for (const { id, parents } of sorted) {
    for (const parent of parents) childTimes.set(parent, Math.max(childTimes.get(parent) ?? 0, times.get(id) ?? 0));
  }
  const known = new Set(sorted.map(({ id }) => id));
  const starts = [...new Set(sorted.map((shard) => stepTime(shard, times, known)))].sort((one, other) => one - other);
  const stepAt = new Map(starts.map((time, step) => [time, step]));
  const lastStep = starts.length;
  const boxes = sorted.map((shard) => {
    const left = stepAt.get(stepTime(shard, times, known)) ?? 0;
    const childTime = childTimes.get(shard.id);
    const right = shard.isOpen || childTime === undefined ? lastStep : (stepAt.get(childTime) ?? lastStep);
    const [top, bottom] = [fractionOf(shard.start), fractionOf(shard.end + 1n)];
    return { shard, left, right: Math.max(right, left + 0.5), top, bottom };
  });
  const hasTimes = sorted.some(({ createdMs }) => createdMs !== undefined);
  return { boxes, steps: starts.map((time) => (hasTimes && time > 0 ? time : undefined)) };
}

/** When a shard began: the closing of its parents is known to the millisecond, its own creation to the second. */
function startOf(shard: Shard, sorted: readonly Shard[]): number {
  const byId = sorted.length < 64 ? undefined : indexOf(sorted);
  const parents = shard.parents.map((id) => byId?.get(id) ?? sorted.find((other) => other.id === id));
  const closed = parents.flatMap((parent) => (parent?.closedMs === undefined ? [] : [parent.closedMs]));
  if (closed.length > 0) return Math.max(...closed);
  return shard.createdMs ?? shard.index;
}

const indexes = new WeakMap<readonly Shard[], ReadonlyMap<string, Shard>>();

function indexOf(sorted: readonly Shard[]): ReadonlyMap<string, Shard> {
  let index = indexes.get(sorted);
  if (index === undefined) {
    index = new Map(sorted.map((shard) => [shard.id, shard]));
    indexes.set(sorted, index);
  }
  return index;
}

/** Shards whose parents are gone, or that have none, are all in the first step. */
function stepTime(shard: Shard, times: ReadonlyMap<string, number>, known: ReadonlySet<string>): number {
  return shard.parents.some((id) => known.has(id)) ? (times.get(shard.id) ?? 0) : 0;
}
