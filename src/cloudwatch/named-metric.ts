import { type MetricDimension, type MetricSource, parseMetricSource, sourceWith } from "../shards/metric-source.ts";
import type { StatisticPoint } from "../telemetry/statistic-history.ts";
import type { StatisticSet } from "../telemetry/statistic-sets.ts";
import { list, structure, text } from "./input-kinds.ts";
import type { MetricReader } from "./metric-reader.ts";

/** The only namespace that has samples. */
export const kinesisNamespace = "AWS/Kinesis";

/** Whose metrics an operation sees. */
export interface MetricOwner {
  readonly account: string;
  readonly region: string;
}

/** What the operations are called with, besides their input. */
export interface CloudWatchContext {
  readonly owner: MetricOwner;
  readonly reader: MetricReader;
  readonly nowMs: number;
}

export const dimensions = list(structure<MetricDimension, object>({ Name: text, Value: text }, {}));

export interface MetricName {
  readonly Namespace?: string | undefined;
  readonly MetricName?: string | undefined;
  readonly Dimensions?: readonly MetricDimension[] | undefined;
}

interface FoundMetric {
  readonly source: MetricSource;
  readonly metric: number;
  readonly unit: string;
}

/** The metric with this name and exactly these dimensions; undefined when Kinesis has none such. */
export function findMetric(
  owner: MetricOwner,
  { Namespace, MetricName, Dimensions = [] }: MetricName,
): FoundMetric | undefined {
  const source = Namespace === kinesisNamespace ? sourceWith(owner, Dimensions) : undefined;
  if (source === undefined) return undefined;
  const { metrics } = parseMetricSource(source);
  const metric = metrics.findIndex(({ name }) => name === MetricName);
  const unit = metrics[metric]?.unit;
  return unit === undefined ? undefined : { source, metric, unit };
}

const msPerMinute = 60_000;

/** Where points of a period begin: API reference, GetMetricStatistics, StartTime. */
export function roundedStart(startMs: number, periodMs: number): number {
  const unitMs = Math.min(periodMs, msPerMinute);
  return unitMs * Math.floor(startMs / unitMs);
}

const periodsBelowMinute: ReadonlySet<number> = new Set([1, 5, 10, 20, 30]);

/** In seconds. */
export function isPeriod(seconds: number): boolean {
  return periodsBelowMinute.has(seconds) || (seconds > 0 && seconds % 60 === 0);
}

const ofSets: Readonly<Record<string, (set: StatisticSet) => number>> = {
  Average: ({ sum, count }) => sum / count,
  Maximum: ({ maximum }) => maximum,
  Minimum: ({ minimum }) => minimum,
  SampleCount: ({ count }) => count,
  Sum: ({ sum }) => sum,
};

export function isStatistic(name: string): boolean {
  return Object.hasOwn(ofSets, name);
}

/** Percentiles, trimmed means and the like: User Guide, "CloudWatch statistics definitions". */
export function isExtendedStatistic(name: string): boolean {
  return /^(?:p|tm|wm|tc|ts)\d{1,3}(?:\.\d{1,10})?$|^IQM$|^(?:PR|TM|WM|TC|TS)\([\d.%]*:[\d.%]*\)$/.test(name);
}

/**
 * The value of a statistic. One that needs each sample is known only where all samples are equal, as by the service for data
 * that was published as statistic sets (API reference, GetMetricStatistics); elsewhere it is undefined.
 */
export function statisticOf({ set }: StatisticPoint, name: string): number | undefined {
  const known = Object.hasOwn(ofSets, name) ? ofSets[name] : undefined;
  if (known !== undefined) return known(set);
  return set.minimum === set.maximum && /^(?:p|tm|wm|IQM|TM|WM)/.test(name) ? set.minimum : undefined;
}
