import type { Stream } from "./stream.ts";

const MS_PER_HOUR = 3_600_000;

/** API reference: 24 hours to 365 days. */
export const retentionHoursMin = 24;
export const retentionHoursMax = 8760;

export function retentionMs(retentionHours: number): number {
  return retentionHours * MS_PER_HOUR;
}

/** What the trim horizon hangs on besides the time. */
type Retention = Pick<Stream, "retentionHours" | "expiredBeforeMs">;

/**
 * The trim horizon: what arrived before it is never served again, whenever its bytes are freed. It stays behind the clock,
 * even one that was set back by days: what arrives now is not expired.
 */
export function horizonMs(nowMs: number, { retentionHours, expiredBeforeMs = 0 }: Retention): number {
  const expiredMs = Math.min(expiredBeforeMs, nowMs - retentionMs(retentionHoursMin));
  return Math.max(nowMs - retentionMs(retentionHours), expiredMs);
}

/** The stream with other hours. More of them keep what is unexpired for longer; what is expired stays so (API reference). */
export function withRetention<Kept extends Retention>(stream: Kept, retentionHours: number, nowMs: number): Kept {
  if (retentionHours < stream.retentionHours) return { ...stream, retentionHours };
  return { ...stream, retentionHours, expiredBeforeMs: horizonMs(nowMs, stream) };
}

export function isExpired(arrivalMs: number, horizon: number): boolean {
  return arrivalMs < horizon;
}
