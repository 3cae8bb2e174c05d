import type { Shard } from "../stream.ts";
import { loadOf, noWrites, type WriteRate } from "./write-rate.ts";

/** Above this multiple of its stream's mean a shard takes more than chance gives it. */
const aboveMean = 1.1;

/** The load of each open shard: 1 where it takes as much as a shard takes before it is split. */
export function loadsOf(
  open: readonly Shard[],
  rates: ReadonlyMap<number, WriteRate>,
  unit: WriteRate,
): ReadonlyMap<number, number> {
  return new Map(open.map(({ index }) => [index, loadOf(rates.get(index) ?? noWrites, unit)]));
}

/**
 * The shards that take more than they should and more than their part of the stream's records, the hottest first: those
 * that more shards elsewhere would not relieve.
 */
export function hotShards(loads: ReadonlyMap<number, number>): readonly number[] {
  const total = loads.values().reduce((sum, load) => sum + load, 0);
  const bound = Math.max(1, (aboveMean * total) / loads.size);
  const hot = [...loads].filter(([, load]) => load > bound);
  return hot.sort(([, one], [, other]) => other - one).map(([index]) => index);
}
