import type { DayPeak } from "../stream.ts";
import { greaterRates, noWrites, type WriteRate } from "./write-rate.ts";

const dayMs = 24 * 3600 * 1000;

/** Developer Guide, on-demand mode: the capacity follows the peak of the last 30 days. */
export const keptDays = 30;

/** A peak that grows by less is not worth a write of the stream's document. */
const worthwhileGrowth = 1.1;

/** The greatest rate of the last 30 days. */
export function peakOf(peaks: readonly DayPeak[], nowMs: number): WriteRate {
  const today = dayOf(nowMs);
  return peaks.filter(([day]) => isKept(day, today)).reduce((peak, one) => greaterRates(peak, rateOf(one)), noWrites);
}

/** The history with one more rate, without days that no longer count; the oldest day first. */
export function withRate(peaks: readonly DayPeak[], rate: WriteRate, nowMs: number): readonly DayPeak[] {
  const today = dayOf(nowMs);
  const others = peaks.filter(([day]) => isKept(day, today) && day !== today);
  const known = peaks.find(([day]) => day === today);
  const { bytesPerSecond, recordsPerSecond } = greaterRates(rate, known === undefined ? noWrites : rateOf(known));
  if (bytesPerSecond === 0 && recordsPerSecond === 0) return others;
  const peak: DayPeak = [today, Math.round(bytesPerSecond), Math.round(recordsPerSecond)];
  return [...others, peak].sort(([one], [other]) => one - other);
}

/** Whether the day of `nowMs` has grown so much since `stored` that it is to be stored again. */
export function isWorthStoring(stored: readonly DayPeak[], peaks: readonly DayPeak[], nowMs: number): boolean {
  const today = dayOf(nowMs);
  const [next, known] = [peaks, stored].map((days) => days.find(([day]) => day === today));
  if (next === undefined) return false;
  if (known === undefined) return true;
  return next[1] > known[1] * worthwhileGrowth || next[2] > known[2] * worthwhileGrowth;
}

/** Days ahead of the clock count too: it may have been set back after them. */
function isKept(day: number, today: number): boolean {
  return Math.abs(today - day) < keptDays;
}

function dayOf(nowMs: number): number {
  return Math.floor(nowMs / dayMs);
}

function rateOf([, bytesPerSecond, recordsPerSecond]: DayPeak): WriteRate {
  return { bytesPerSecond, recordsPerSecond };
}
