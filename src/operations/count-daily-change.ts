import { checkDailyLimit, withRequestAt } from "../limits/daily-limits.ts";
import type { CountedChange, Stream } from "../streams/stream.ts";
import type { OperationContext } from "./operation-context.ts";

/**
 * The stream with one more change of a kind that is limited over the last 24 hours; unchanged where limits are off.
 * Errors: LimitExceededException.
 */
export function countDailyChange(stream: Stream, change: CountedChange, { limits, clock }: OperationContext): Stream {
  if (limits === undefined) return stream;
  const nowMs = clock.nowMs();
  const timesMs = stream.changeTimesMs?.[change] ?? [];
  checkDailyLimit(limits.table, `${change}PerDay`, stream, { timesMs, nowMs });
  return { ...stream, changeTimesMs: { ...stream.changeTimesMs, [change]: withRequestAt(timesMs, nowMs) } };
}
