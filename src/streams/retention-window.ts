import type { Stream } from "./stream.ts";

const MS_PER_HOUR = 3_600_000;

/** API reference: 24 hours to 365 days. */
export const retentionHoursMin = 24;
export const retentionHoursMax = 8760;

export function retentionMs(retentionHours: number): number {
  return retentionHours * MS_PER_HOUR;
}

/** The members of a stream that determine its trim horizon. */
type Retention = Pick<Stream, "retentionHours" | "expiredBeforeMs">;

/**
 * The trim horizon, ms since the epoch: records that arrived before it are never served again, whenever their bytes are
 * freed. It is always before the clock, even one that was set back by days, so new records are not expired.
 */
export function trimHorizonMs(nowMs: number, { retentionHours, expiredBeforeMs = 0 }: Retention): number {
  const expiredMs = Math.min(expiredBeforeMs, nowMs - retentionMs(retentionHoursMin));
  return Math.max(nowMs - retentionMs(retentionHours), expiredMs);
}

/** The stream with another retention. After an increase expired records stay expired (API reference). */
export function withRetention<Kept extends Retention>(stream: Kept, retentionHours: number, nowMs: number): Kept {
  if (retentionHours < stream.retentionHours) return { ...stream, retentionHours };
  return { ...stream, retentionHours, expiredBeforeMs: trimHorizonMs(nowMs, stream) };
}

export function isExpired(arrivalMs: number, horizon: number): boolean {
  return arrivalMs < horizon;
}
