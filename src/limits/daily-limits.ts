import type { StreamPlace } from "../model/stream-errors.ts";
import { streamRateExceeded } from "../model/stream-errors.ts";
import type { LimitsTable } from "./limits-table.ts";

const dayMs = 86_400_000;

/** Most request times kept for one stream and limit, and the highest daily limit that a limits file may set. */
export const requestTimesKeptMax = 100;

/** Limits on successful requests of one stream over the last 24 hours. */
export type DailyLimit =
  | "shardCountChangesPerDay"
  | "modeSwitchesPerDay"
  | "encryptionStartsPerDay"
  | "encryptionStopsPerDay";

/** `timesMs`: the times of earlier requests, from the stream document. */
export function countInLast24h(timesMs: readonly number[], nowMs: number): number {
  return timesMs.filter((timeMs) => isRecent(timeMs, nowMs)).length;
}

/** The times with one more request and without those older than 24 hours. */
export function withRequestAt(timesMs: readonly number[], nowMs: number): readonly number[] {
  return [...timesMs.filter((timeMs) => isRecent(timeMs, nowMs)), nowMs].slice(-requestTimesKeptMax);
}

/** Without a table there is no limit. Errors: LimitExceededException when the limit is used up. */
export function checkDailyLimit(
  table: Pick<LimitsTable, DailyLimit> | undefined,
  limit: DailyLimit,
  stream: StreamPlace,
  { timesMs, nowMs }: { readonly timesMs: readonly number[]; readonly nowMs: number },
): void {
  if (table !== undefined && countInLast24h(timesMs, nowMs) >= table[limit]) throw streamRateExceeded(stream);
}

/** Times ahead of the clock by less than a day count too: the clock may have been set back after them. */
function isRecent(timeMs: number, nowMs: number): boolean {
  return Math.abs(nowMs - timeMs) < dayMs;
}
