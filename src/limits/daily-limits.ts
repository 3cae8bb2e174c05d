import type { StreamPlace } from "../model/stream-errors.ts";
import { streamRateExceeded } from "../model/stream-errors.ts";
import type { LimitsTable } from "./limits-table.ts";

const dayMs = 86_400_000;

/** The most that is remembered of one stream and one kind, and the highest daily limit that a limits file may set. */
export const dailyTimesMax = 100;

/** The limits that count successful requests of one stream over the last 24 hours. */
export type DailyLimit =
  | "shardCountChangesPerDay"
  | "modeSwitchesPerDay"
  | "encryptionStartsPerDay"
  | "encryptionStopsPerDay";

/** `timesMs` is a stream's own list of such requests; it lives in the stream's document. */
export function countInLast24h(timesMs: readonly number[], nowMs: number): number {
  return timesMs.filter((timeMs) => isRecent(timeMs, nowMs)).length;
}

/** The list with one more request in it and without those that no longer count. */
export function withRequestAt(timesMs: readonly number[], nowMs: number): readonly number[] {
  return [...timesMs.filter((timeMs) => isRecent(timeMs, nowMs)), nowMs].slice(-dailyTimesMax);
}

/** LimitExceededException when the stream has had its requests for the day. Without a table there is no limit. */
export function checkDaily(
  table: Pick<LimitsTable, DailyLimit> | undefined,
  limit: DailyLimit,
  stream: StreamPlace,
  { timesMs, nowMs }: { readonly timesMs: readonly number[]; readonly nowMs: number },
): void {
  if (table !== undefined && countInLast24h(timesMs, nowMs) >= table[limit]) throw streamRateExceeded(stream);
}

/** A time up to a day ahead was noted before the clock was set back; one further ahead would count for ever. */
function isRecent(timeMs: number, nowMs: number): boolean {
  return Math.abs(nowMs - timeMs) < dayMs;
}
