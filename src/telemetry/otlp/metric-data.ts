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

/** Prometheus counts in each bucket what the lower ones have as well; OpenTelemetry counts each duration in one bucket. */
function histogramsOf(samples: readonly Sample[]): readonly LabelledHistogram[] {
  const histograms = new Map<string, LabelledHistogram & { readonly cumulative: { bound: number; count: number }[] }>();
  const histogramOf = (labels: Readonly<Record<string, string>>) => {
    const key = JSON.stringify(labels);
    let found = histograms.get(key);
    if (found === undefined) {
      const histogram = { buckets: { boundaries: [], counts: [] }, sum: 0, count: 0 };
      found = { labels, histogram, cumulative: [] };
      histograms.set(key, found);
    }
    return found;
  };
  for (const { suffix, labels = {}, value } of samples) {
    const { le, ...rest } = labels;
    const found = histogramOf(rest);
    if (suffix === "_sum") found.histogram.sum = value;
    else if (suffix === "_count") found.histogram.count = value;
    else found.cumulative.push({ bound: le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le), count: value });
  }
  for (const { histogram, cumulative } of histograms.values()) {
    let below = 0;
    for (const { bound, count } of cumulative) {
      // The bucket above the last boundary has none of its own.
      if (bound !== Number.POSITIVE_INFINITY) histogram.buckets.boundaries.push(bound);
      histogram.buckets.counts.push(count - below);
      below = count;
    }
  }
  return [...histograms.values()];
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
