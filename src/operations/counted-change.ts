import type { CountedChange, Stream } from "../streams/stream.ts";
import type { OperationContext } from "./operation-context.ts";

const dayMs = 24 * 3600 * 1000;

/**
 * The stream with one more change of a kind that AWS counts over a rolling day; LimitExceededException over the limit.
 * With limits off nothing is counted.
 */
export function countChange(stream: Stream, change: CountedChange, { limits, clock }: OperationContext): Stream {
  if (limits === undefined) return stream;
  const nowMs = clock.nowMs();
  const times = (stream.changeTimes?.[change] ?? []).filter((timeMs) => nowMs - timeMs < dayMs);
  limits.checkDailyChange(stream, change, times.length);
  return { ...stream, changeTimes: { ...stream.changeTimes, [change]: [...times, nowMs] } };
}
