import type { HrTime } from "@opentelemetry/api";
import type { DataPoint, Histogram, MetricData } from "@opentelemetry/sdk-metrics";
import type { MetricFamily, Sample } from "../prometheus-text.ts";
import type { OpenTelemetry } from "./load-opentelemetry.ts";

/** What is known of a series of a counter or histogram from the last collection. */
interface SeriesCount {
  /** Unix time in ms since when it counts. */
  readonly startMs: number;
  /** The counter's value, or the number of durations of the histogram. */
  readonly value: number;
}

/** The series of one collection, by family and labels. */
export type SeriesCounts = ReadonlyMap<string, SeriesCount>;

/** When a collection is made, and what the one before had. */
export interface Collection {
  readonly nowMs: number;
  /** Unix time in ms of the collection before; at the first one the start of the process, when all counters were 0. */
  readonly previousMs: number;
  readonly previous: SeriesCounts;
}

/**
 * The families as the SDK's metric data, under the same names and labels, cumulative. A series that was not in the
 * collection before, or has counted less than it had, began to count after that one: its start says so, because readers
 * take a lower count with an old start for an error. Returns the counts for the next collection too.
 */
export function metricDataOf(
  families: readonly MetricFamily[],
  { nowMs, previousMs, previous }: Collection,
  { api, sdk }: Pick<OpenTelemetry, "api" | "sdk">,
): { readonly metrics: MetricData[]; readonly counts: SeriesCounts } {
  const counts = new Map<string, SeriesCount>();
  const endTime = hrTime(nowMs);
  const startTimeOf = (name: string, { labels = {}, value }: Omit<Sample, "suffix">): HrTime => {
    const key = `${name} ${JSON.stringify(labels)}`;
    const before = previous.get(key);
    const startMs = before !== undefined && value >= before.value ? before.startMs : previousMs;
    counts.set(key, { startMs, value });
    return hrTime(startMs);
  };
  const dataOf = ({ name, type, help, samples }: MetricFamily): MetricData => {
    const base = {
      descriptor: { name, description: help, unit: unitOf(name), valueType: api.ValueType.DOUBLE },
      aggregationTemporality: sdk.AggregationTemporality.CUMULATIVE,
    };
    const point = <Value>(value: Value, labels: Sample["labels"], startTime: HrTime): DataPoint<Value> => {
      return { startTime, endTime, attributes: labels ?? {}, value };
    };
    switch (type) {
      case "gauge":
        return {
          ...base,
          dataPointType: sdk.DataPointType.GAUGE,
          dataPoints: samples.map(({ labels, value }) => point(value, labels, endTime)),
        };
      case "counter":
        return {
          ...base,
          dataPointType: sdk.DataPointType.SUM,
          isMonotonic: true,
          dataPoints: samples.map((sample) => point(sample.value, sample.labels, startTimeOf(name, sample))),
        };
      // The SDK has no summaries: one is a histogram with a single bucket, which keeps both of its series.
      case "summary":
      case "histogram":
        return {
          ...base,
          dataPointType: sdk.DataPointType.HISTOGRAM,
          dataPoints: histogramsOf(samples).map(({ labels, histogram }) =>
            point(histogram, labels, startTimeOf(name, { labels, value: histogram.count })),
          ),
        };
    }
  };
  const metrics = families.filter(({ samples }) => samples.length > 0).map(dataOf);
  return { metrics, counts };
}

interface LabelledHistogram {
  readonly labels: Readonly<Record<string, string>>;
  readonly histogram: Histogram;
}

/** The samples with the same labels but for `le`. */
interface HistogramSamples {
  readonly labels: Readonly<Record<string, string>>;
  readonly cumulative: { readonly bound: number; readonly count: number }[];
  sum: number;
  count: number;
}

function histogramsOf(samples: readonly Sample[]): readonly LabelledHistogram[] {
  const byLabels = new Map<string, HistogramSamples>();
  for (const { suffix, labels = {}, value } of samples) {
    const { le, ...rest } = labels;
    const key = JSON.stringify(rest);
    const found = byLabels.get(key) ?? { labels: rest, cumulative: [], sum: 0, count: 0 };
    byLabels.set(key, found);
    if (suffix === "_sum") found.sum = value;
    else if (suffix === "_count") found.count = value;
    else found.cumulative.push({ bound: le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le), count: value });
  }
  return [...byLabels.values()].map(({ labels, cumulative, sum, count }) => {
    return { labels, histogram: { buckets: bucketsOf(cumulative, count), sum, count } };
  });
}

/**
 * Prometheus counts in each bucket what the lower ones have as well; OpenTelemetry counts each duration in one bucket. A
 * summary, which has no buckets, gets one for all.
 */
function bucketsOf(cumulative: HistogramSamples["cumulative"], count: number): Histogram["buckets"] {
  if (cumulative.length === 0) return { boundaries: [], counts: [count] };
  return {
    // The bucket above the last boundary has none of its own.
    boundaries: cumulative.map(({ bound }) => bound).filter((bound) => bound !== Number.POSITIVE_INFINITY),
    counts: cumulative.map(({ count: upTo }, i) => upTo - (cumulative[i - 1]?.count ?? 0)),
  };
}

/** Units of UCUM, by the words that Prometheus has at the end of names. */
const units: Readonly<Record<string, string>> = { seconds: "s", milliseconds: "ms", bytes: "By" };

function unitOf(name: string): string {
  return units[/_([a-z]+)(?:_total)?$/.exec(name)?.[1] ?? ""] ?? "";
}

/** Seconds and nanoseconds. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
