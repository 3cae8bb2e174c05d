import { compareRanges, openShardsOf } from "../hash-keys/open-shards.ts";
import { mergeChild, type ReshardPlan, splitChildren } from "../resharding/reshard-plan.ts";
import type { DayPeak, PlannedShard, Shard, Stream } from "../stream.ts";
import { hotShards, loadsOf } from "./hot-shards.ts";
import { peakOf } from "./peak-history.ts";
import { loadOf, splitRate, type WriteRate } from "./write-rate.ts";

/** API reference and Developer Guide: an on-demand stream starts with 4 shards. Merges leave as many. */
export const onDemandShardCountMin = 4;

/** UpdateShardCount's bound, and at 1 MB/s a shard the 10 GB/s that the Developer Guide allows an on-demand stream. */
export const scaledShardCountMax = 10_000;

/** Between two changes of one stream; the rates of the last minute are those of its present shards then. */
const pauseMs = 60_000;

/** Between a change and one that closes shards because the peak is 30 days ago. */
const pauseBeforeMergesMs = 24 * 3600 * 1000;

/** Two shards are merged by time when the one in their place would be this full at most: it is not to be split soon after. */
const mergedLoadMax = 0.75;

/** Splits of hot shards end at this multiple of what the stream needs: no split relieves the shard of one hot key. */
const hotCountFactor = 3;

/**
 * A hot shard of a provisioned stream is not split when it has less than this part of an even share of the hash keys: its
 * traffic is that of a few keys, which no split takes apart.
 */
const splitShareMin = 1 / 16;

/** Rounding error of loads. */
const roundingLoad = 1e-6;

export interface ScalingInput {
  /** On-demand and ACTIVE. */
  readonly stream: Stream;
  /** The peaks of the last 30 days, with the rate of this minute. */
  readonly peaks: readonly DayPeak[];
  /** Those of the last minute, by shard index; an absent shard had no writes. */
  readonly rates: ReadonlyMap<number, WriteRate>;
  /** The greatest of a whole day or more; undefined while the stream was not watched that long. */
  readonly dayRates: ReadonlyMap<number, WriteRate> | undefined;
  /** What one shard may take. */
  readonly shardRate: WriteRate;
  /** What the account and the server allow the stream. */
  readonly shardCountMax: number;
  readonly nowMs: number;
}

/** The open shards by hash key, and what the stream needs of them. */
interface Need {
  readonly open: readonly Shard[];
  /** The load of the stream's peak, in shards that are as full as a shard gets before it is split. */
  readonly peakLoad: number;
  /** Shards that take double the peak, and that warm throughput asks for. */
  readonly count: number;
  /** Shards that merges leave at least. */
  readonly keptCount: number;
}

/**
 * The next change of an on-demand stream's shards, or undefined. Its shards are to take double the peak of the last 30 days,
 * however it falls on them, and its warm throughput (Developer Guide, "On-demand mode"): a shard that could not is split, and
 * a hot one; two that take little are merged. A shard takes part once in a change, split in the middle, so no change more
 * than doubles or halves a stream.
 */
export function planScaling(input: ScalingInput): ReshardPlan | undefined {
  const { stream, nowMs, rates, dayRates } = input;
  const { changedMs, releasedMs, keptUntilMs } = stream.scaling ?? {};
  if (!hasPassed(changedMs, pauseMs, nowMs)) return undefined;
  const unit = splitRate(input.shardRate);
  const need = needOf(input);
  const splits = splitsOf(need, input);
  if (splits.length > 0) return splitPlan(splits, stream);
  if (releasedMs !== undefined) {
    if (!hasPassed(releasedMs, pauseMs, nowMs)) return undefined;
    return mergePlan(mergesOf(need, loadsOf(need.open, rates, unit), 1 + roundingLoad), stream);
  }
  if (dayRates === undefined || (keptUntilMs ?? 0) > nowMs) return undefined;
  if (!hasPassed(changedMs, pauseBeforeMergesMs, nowMs)) return undefined;
  return mergePlan(mergesOf(need, loadsOf(need.open, dayRates, unit), mergedLoadMax), stream);
}

function needOf({ stream, peaks, shardRate, nowMs }: ScalingInput): Need {
  const peakLoad = loadOf(peakOf(peaks, nowMs), splitRate(shardRate));
  const wanted = Math.max(stream.warmThroughputMiBps ?? 0, Math.ceil(peakLoad - roundingLoad));
  const count = Math.min(wanted, scaledShardCountMax);
  return { open: openShardsOf(stream.shards), peakLoad, count, keptCount: Math.max(onDemandShardCountMin, count) };
}

/** Whether a release has had its effect: there is no more change to make, for shards whose rates are known. */
export function isReleaseOver({ stream, nowMs }: Pick<ScalingInput, "stream" | "nowMs">): boolean {
  const { changedMs, releasedMs } = stream.scaling ?? {};
  return releasedMs !== undefined && hasPassed(changedMs, pauseMs, nowMs) && hasPassed(releasedMs, pauseMs, nowMs);
}

/** The hot open shards of a stream, the hottest first. */
export function hotShardsOf(
  stream: Stream,
  rates: ReadonlyMap<number, WriteRate>,
  shardRate: WriteRate,
): readonly number[] {
  return hotShards(loadsOf(openShardsOf(stream.shards), rates, splitRate(shardRate)));
}

/**
 * The hot shards of a provisioned stream, each split in the middle, at most `countMax` of them; undefined when there are
 * none. One hot key causes at most seven splits of an even stream, however often this is asked.
 */
export function planHotSplits(
  stream: Stream,
  rates: ReadonlyMap<number, WriteRate>,
  shardRate: WriteRate,
  countMax: number,
): ReshardPlan | undefined {
  const open = openShardsOf(stream.shards);
  const wide = open.filter((shard) => isSplittable(shard) && shareOf(shard) * open.length >= splitShareMin);
  const wideIndexes = new Set(wide.map(({ index }) => index));
  const hot = hotShardsOf(stream, rates, shardRate).filter((index) => wideIndexes.has(index));
  const chosen = new Set(hot.slice(0, countMax));
  const splits = wide.filter(({ index }) => chosen.has(index));
  return splits.length === 0 ? undefined : splitPlan(splits, stream);
}

/** The shards to split, in the order of their hash keys. */
function splitsOf(need: Need, { rates, shardRate, shardCountMax }: ScalingInput): readonly Shard[] {
  const { open } = need;
  const room = Math.min(shardCountMax, scaledShardCountMax) - open.length;
  if (room <= 0) return [];
  const loads = loadsOf(open, rates, splitRate(shardRate));
  const fullest = open
    .filter(isSplittable)
    .sort((one, other) => peakLoadOf(other, need, loads) - peakLoadOf(one, need, loads));
  const hot = new Set(hotShards(loads).slice(0, Math.max(0, hotCountFactor * need.keptCount - open.length)));
  const splits = fullest.filter((shard) => shareOf(shard) * need.peakLoad > 1 + roundingLoad || hot.has(shard.index));
  const lacking = need.count - open.length;
  const chosen = splits.length >= lacking ? splits : fullest.slice(0, lacking);
  return chosen.slice(0, room).sort(compareRanges);
}

type Pair = readonly [lower: Shard, upper: Shard];

/** Pairs of neighbours to merge, in the order of their hash keys: those that take least. */
function mergesOf(need: Need, loads: ReadonlyMap<number, number>, loadMax: number): readonly Pair[] {
  const { open } = need;
  const pairs: { readonly pair: Pair; readonly load: number }[] = [];
  for (const [i, lower] of open.entries()) {
    const upper = open[i + 1];
    if (upper === undefined) break;
    const load = peakLoadOf(lower, need, loads) + peakLoadOf(upper, need, loads);
    if (load <= loadMax) pairs.push({ pair: [lower, upper], load: load + shareOf(lower) + shareOf(upper) });
  }
  pairs.sort((one, other) => one.load - other.load);
  const taken = new Set<Shard>();
  const merges: Pair[] = [];
  for (const { pair } of pairs) {
    if (open.length - merges.length <= need.keptCount) break;
    if (pair.some((shard) => taken.has(shard))) continue;
    for (const shard of pair) taken.add(shard);
    merges.push(pair);
  }
  return merges.sort(([one], [other]) => compareRanges(one, other));
}

/** What the shard took, or would take of the stream's peak if that fell evenly on the hash keys; whichever is more. */
function peakLoadOf(shard: Shard, { peakLoad }: Need, loads: ReadonlyMap<number, number>): number {
  return Math.max(loads.get(shard.index) ?? 0, shareOf(shard) * peakLoad);
}

/** The part of all hash keys that the shard has. */
function shareOf(shard: Shard): number {
  return Number(sizeOf(shard)) / 2 ** 128;
}

function splitPlan(splits: readonly Shard[], { nextShardIndex }: Stream): ReshardPlan {
  const opening = splits.flatMap((shard, i) =>
    splitChildren(shard, shard.startingHashKey + sizeOf(shard) / 2n, nextShardIndex + 2 * i),
  );
  return { closing: splits.map(({ index }) => index), opening };
}

function mergePlan(merges: readonly Pair[], { nextShardIndex }: Stream): ReshardPlan | undefined {
  if (merges.length === 0) return undefined;
  const opening: readonly PlannedShard[] = merges.map((pair, i) => mergeChild(pair, nextShardIndex + i));
  return { closing: merges.flatMap((pair) => pair.map(({ index }) => index)), opening };
}

/** SplitShard's bound: both halves have at least two keys. */
function isSplittable(shard: Shard): boolean {
  return sizeOf(shard) >= 4n;
}

function sizeOf({ startingHashKey, endingHashKey }: Shard): bigint {
  return endingHashKey - startingHashKey + 1n;
}

/** A time ahead of the clock has passed: the clock was set back after it. */
function hasPassed(sinceMs: number | undefined, waitMs: number, nowMs: number): boolean {
  return sinceMs === undefined || nowMs < sinceMs || nowMs - sinceMs >= waitMs;
}
