import assert from "node:assert/strict";
import { test } from "node:test";
import * as api from "@opentelemetry/api";
import * as sdk from "@opentelemetry/sdk-metrics";
import { DurationHistogram } from "../../../../src/telemetry/histogram.ts";
import { metricDataOf } from "../../../../src/telemetry/otlp/metric-data.ts";
import type { MetricFamily } from "../../../../src/telemetry/prometheus-text.ts";

function counter(value: number, labels = { stream: "a" }): MetricFamily {
  return { name: "millrace_incoming_bytes_total", type: "counter", help: "Bytes.", samples: [{ labels, value }] };
}

const first = { nowMs: 5_500, previousMs: 1_000, previous: new Map() };

test("a counter is a monotonic cumulative sum with its name, unit and labels, from the start of the process", () => {
  const { metrics } = metricDataOf([counter(7)], first, { api, sdk });
  assert.deepEqual(metrics, [
    {
      descriptor: {
        name: "millrace_incoming_bytes_total",
        description: "Bytes.",
        unit: "By",
        valueType: api.ValueType.DOUBLE,
      },
      aggregationTemporality: sdk.AggregationTemporality.CUMULATIVE,
      dataPointType: sdk.DataPointType.SUM,
      isMonotonic: true,
      dataPoints: [{ startTime: [1, 0], endTime: [5, 500_000_000], attributes: { stream: "a" }, value: 7 }],
    },
  ]);
});

test("a gauge is a gauge, and a family without samples is left out", () => {
  const gauge = {
    name: "millrace_queue_age_milliseconds",
    type: "gauge",
    help: "Age.",
    samples: [{ value: 3 }],
  } as const;
  const empty = { name: "none", type: "gauge", help: "None.", samples: [] } as const;
  const { metrics } = metricDataOf([gauge, empty], first, { api, sdk });
  assert.deepEqual(
    metrics.map(({ descriptor, dataPointType, dataPoints }) => [
      descriptor.name,
      descriptor.unit,
      dataPointType,
      dataPoints[0]?.value,
    ]),
    [["millrace_queue_age_milliseconds", "ms", sdk.DataPointType.GAUGE, 3]],
  );
});

test("each histogram of a family has its bounds, its own counts of each bucket, sum and count", () => {
  const histograms = [new DurationHistogram(), new DurationHistogram()];
  for (const ms of [0.1, 0.2, 0.2, 9_000]) histograms[0]?.observe(ms);
  histograms[1]?.observe(1_000);
  const samples = histograms.flatMap((histogram, i) => histogram.samples({ operation: String(i) }));
  const family = { name: "millrace_request_duration_seconds", type: "histogram", help: "Time.", samples } as const;
  const [data, ...others] = metricDataOf([family], first, { api, sdk }).metrics;
  assert.equal(others.length, 0);
  assert(data?.dataPointType === sdk.DataPointType.HISTOGRAM);
  assert.deepEqual(
    data.dataPoints.map(({ attributes }) => attributes),
    [{ operation: "0" }, { operation: "1" }],
  );
  const [one, two] = data.dataPoints.map(({ value }) => value);
  assert(one !== undefined && two !== undefined);
  assert.equal(one.buckets.boundaries.length, 17);
  assert.deepEqual([one.buckets.boundaries[0], one.buckets.boundaries.at(-1)], [0.000125, 8.192]);
  assert.deepEqual(one.buckets.counts, [1, 2, ...Array.from({ length: 15 }, () => 0), 1]);
  assert.equal(one.count, 4);
  assert.equal(Math.round((one.sum ?? 0) * 1e4), 90_005);
  assert.equal(two.buckets.counts.indexOf(1), 13);
  assert.deepEqual([two.count, two.sum], [1, 1]);
});

test("a summary is a histogram with a single bucket, with its sum and count", () => {
  const samples = [
    { suffix: "_sum", labels: { stream: "a" }, value: 1.5 },
    { suffix: "_count", labels: { stream: "a" }, value: 3 },
  ];
  const family = { name: "millrace_put_duration_seconds", type: "summary", help: "Time.", samples } as const;
  const [data] = metricDataOf([family], first, { api, sdk }).metrics;
  assert.equal(data?.dataPointType, sdk.DataPointType.HISTOGRAM);
  assert.deepEqual(data?.dataPoints[0]?.value, { buckets: { boundaries: [], counts: [3] }, sum: 1.5, count: 3 });
});

test("a series that is new, or counts from zero again, says that it began after the collection before", () => {
  const begin = metricDataOf([counter(7)], first, { api, sdk });
  const families = [counter(9), counter(1, { stream: "b" })];
  const second = metricDataOf(families, { nowMs: 9_000, previousMs: 5_500, previous: begin.counts }, { api, sdk });
  const starts = ({ metrics }: typeof begin) => metrics.flatMap(({ dataPoints }) => dataPoints.map((p) => p.startTime));
  assert.deepEqual(starts(second), [
    [1, 0],
    [5, 500_000_000],
  ]);
  const reset = [counter(2), counter(1, { stream: "b" })];
  const third = metricDataOf(reset, { nowMs: 12_000, previousMs: 9_000, previous: second.counts }, { api, sdk });
  assert.deepEqual(starts(third), [
    [9, 0],
    [5, 500_000_000],
  ]);
  assert.equal(third.counts.size, 2);
});
