import type { StatisticPoint } from "../telemetry/statistic-history.ts";
import { mergedSets } from "../telemetry/statistic-sets.ts";

/** Points of one metric of one source from `startMs` on and before `endMs`, one for each period that has samples. */
export interface PointQuery {
  readonly source: string;
  /** Its number among the metrics of the source. */
  readonly metric: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly periodMs: number;
}

/** A source with the numbers of the metrics that it had of late. */
export interface ListedSource {
  readonly source: string;
  readonly metrics: readonly number[];
}

/** Where the operations find samples of AWS/Kinesis. */
export interface MetricReader {
  /** The points of each query, the oldest first. A period that begins before `startMs` is not cut: it is not returned. */
  points(queries: readonly PointQuery[]): Promise<readonly (readonly StatisticPoint[])[]>;
  /** The sources that had samples since `sinceMs`. */
  sources(sinceMs: number): Promise<readonly ListedSource[]>;
}

/** Points merged into periods that begin with `startMs`. */
export function inPeriods(
  points: Iterable<StatisticPoint>,
  { startMs, periodMs }: Pick<PointQuery, "startMs" | "periodMs">,
): readonly StatisticPoint[] {
  const periods = new Map<number, StatisticPoint>();
  for (const { timeMs, set } of points) {
    const beginMs = startMs + periodMs * Math.floor((timeMs - startMs) / periodMs);
    const before = periods.get(beginMs);
    periods.set(beginMs, { timeMs: beginMs, set: before === undefined ? set : mergedSets(before.set, set) });
  }
  return [...periods.values()].sort((one, other) => one.timeMs - other.timeMs);
}
