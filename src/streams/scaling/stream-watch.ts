import type { DayPeak, Stream } from "../stream.ts";
import { withRate } from "./peak-history.ts";
import { greaterRates, noWrites, type WriteRate } from "./write-rate.ts";

const dayMs = 24 * 3600 * 1000;

/** The greatest rates of each shard in a day and the one before it. */
interface DayRates {
  readonly sinceMs: number;
  readonly begunMs: number;
  readonly present: ReadonlyMap<number, WriteRate>;
  readonly former: ReadonlyMap<number, WriteRate>;
}

/** What is known of one on-demand stream besides its document. Times are of one clock. */
export interface StreamWatch {
  /** With the rates since the document was written. */
  readonly peaks: readonly DayPeak[];
  /** The release that the peaks are counted from. */
  readonly releasedMs: number | undefined;
  readonly day: DayRates;
}

/** The watch of a stream after one more minute, or the first one. */
export function watchStream(
  former: StreamWatch | undefined,
  stream: Stream,
  minute: { readonly total: WriteRate; readonly shards: ReadonlyMap<number, WriteRate> },
  nowMs: number,
): StreamWatch {
  const releasedMs = stream.scaling?.releasedMs;
  const known = former?.releasedMs === releasedMs ? former?.peaks : undefined;
  const peaks = known ?? stream.scaling?.peaks ?? [];
  return {
    peaks: withRate(peaks, minute.total, nowMs),
    releasedMs,
    day: withMinute(former?.day, minute.shards, nowMs),
  };
}

/** The greatest rates by shard; undefined until a day was watched. */
export function dayRatesOf({ day }: StreamWatch, nowMs: number): ReadonlyMap<number, WriteRate> | undefined {
  return nowMs - day.sinceMs < dayMs ? undefined : withGreater(day.former, day.present);
}

function withMinute(day: DayRates | undefined, rates: ReadonlyMap<number, WriteRate>, nowMs: number): DayRates {
  if (day === undefined || nowMs < day.sinceMs)
    return { sinceMs: nowMs, begunMs: nowMs, present: rates, former: new Map() };
  if (nowMs - day.begunMs >= dayMs) return { ...day, begunMs: nowMs, present: rates, former: day.present };
  return rates.size === 0 ? day : { ...day, present: withGreater(day.present, rates) };
}

function withGreater(
  one: ReadonlyMap<number, WriteRate>,
  other: ReadonlyMap<number, WriteRate>,
): ReadonlyMap<number, WriteRate> {
  const greater = new Map(one);
  for (const [index, rate] of other) greater.set(index, greaterRates(rate, greater.get(index) ?? noWrites));
  return greater;
}
