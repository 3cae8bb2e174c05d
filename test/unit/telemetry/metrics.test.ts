import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  connectionCut,
  groupCommitted,
  metricsExported,
  type RequestFinished,
  requestFailed,
  requestFinished,
  requestRefused,
} from "../../../src/telemetry/diagnostic-events.ts";
import { DurationHistogram } from "../../../src/telemetry/histogram.ts";
import { Metrics } from "../../../src/telemetry/metrics.ts";
import { ProcessMetrics } from "../../../src/telemetry/process-metrics.ts";
import { metricName, prometheusText } from "../../../src/telemetry/prometheus-text.ts";

function startMetrics(t: TestContext): Metrics {
  const metrics = new Metrics();
  t.after(() => metrics.close());
  return metrics;
}

function finished(change: Partial<RequestFinished>): void {
  requestFinished.publish({
    operation: "PutRecords",
    outcome: "ok",
    durationMs: 1,
    requestBytes: 100,
    responseBytes: 10,
    ...change,
  });
}

function has(text: string, line: string): void {
  assert.ok(text.split("\n").includes(line), `${line}\nis not in\n${text}`);
}

test("requests are counted by operation and outcome, with bytes and records each way", (t) => {
  const metrics = startMetrics(t);
  finished({ recordCount: 500 });
  finished({ recordCount: 20 });
  finished({ outcome: "ValidationException" });
  finished({ operation: "GetRecords", recordCount: 7, durationMs: 3 });
  const text = prometheusText(metrics.families({}));
  has(text, 'millrace_requests_total{operation="PutRecords",outcome="ok"} 2');
  has(text, 'millrace_requests_total{operation="PutRecords",outcome="ValidationException"} 1');
  has(text, 'millrace_request_bytes_total{operation="PutRecords"} 300');
  has(text, 'millrace_response_bytes_total{operation="PutRecords"} 30');
  has(text, 'millrace_records_in_total{operation="PutRecords"} 520');
  has(text, 'millrace_records_out_total{operation="GetRecords"} 7');
  has(text, 'millrace_request_duration_seconds_count{operation="PutRecords"} 3');
  has(text, 'millrace_request_duration_seconds_bucket{operation="GetRecords",le="0.004"} 1');
  has(text, 'millrace_request_duration_seconds_bucket{operation="GetRecords",le="0.002"} 0');
});

test("commits, refusals, cuts and faults are counted", (t) => {
  const metrics = startMetrics(t);
  groupCommitted.publish({ durationMs: 2, entryCount: 3, byteCount: 4096 });
  requestRefused.publish({ reason: "origin" });
  connectionCut.publish({ reason: "detect_timeout" });
  requestFailed.publish({ operation: "PutRecord", error: new Error("x") });
  metricsExported.publish({ endpoint: "http://c", reason: "away", isChange: true });
  metricsExported.publish({ endpoint: "http://c", isChange: true });
  const text = prometheusText(metrics.families({}));
  has(text, "millrace_commit_duration_seconds_count 1");
  has(text, "millrace_commit_entries_total 3");
  has(text, "millrace_commit_bytes_total 4096");
  has(text, 'millrace_requests_refused_total{reason="origin"} 1');
  has(text, 'millrace_connections_cut_total{reason="detect_timeout"} 1');
  has(text, 'millrace_faults_total{where="request"} 1');
  has(text, 'millrace_metric_exports_total{outcome="failed"} 1');
  has(text, 'millrace_metric_exports_total{outcome="ok"} 1');
});

test("the figures of engine, server and process are there", (t) => {
  const ofProcess = new ProcessMetrics();
  t.after(() => ofProcess.close());
  const figures = { engine: { wal_bytes: 5, "odd-name": 1, syncs_total: 3 }, server: { connections: 2 } };
  const text = prometheusText([...startMetrics(t).families(figures), ...ofProcess.families()]);
  has(text, "# TYPE millrace_engine_wal_bytes gauge");
  has(text, "millrace_engine_wal_bytes 5");
  has(text, "# TYPE millrace_engine_syncs_total counter");
  has(text, "millrace_engine_odd_name 1");
  has(text, "millrace_server_connections 2");
  assert.match(text, /^process_resident_memory_bytes \d+$/m);
  assert.match(text, /^process_cpu_user_seconds_total [\d.]+$/m);
  assert.match(text, /^nodejs_heap_size_used_bytes \d+$/m);
  assert.match(text, /^nodejs_eventloop_lag_p99_seconds [\d.e-]+$/m);
  assert.ok(text.endsWith("\n"));
});

test("every line is one that Prometheus reads", (t) => {
  const metrics = startMetrics(t);
  finished({});
  groupCommitted.publish({ durationMs: 2, entryCount: 3, byteCount: 4096 });
  const text = prometheusText(metrics.families({ engine: { a: 1 } }));
  for (const line of text.trimEnd().split("\n")) {
    assert.match(line, /^(# (HELP|TYPE) [a-z_0-9]+ .+|[a-zA-Z_:][\w:]*(\{(\w+="[^"]*",?)+\})? (\+Inf|[-\d.e+]+))$/);
  }
});

test("a closed Metrics counts no more", (t) => {
  const metrics = startMetrics(t);
  metrics.close();
  finished({});
  assert.doesNotMatch(prometheusText(metrics.families({})), /millrace_requests_total\{/);
});

test("names from outside cannot make the series grow for ever", (t) => {
  const metrics = startMetrics(t);
  for (let count = 0; count < 1_000; count++) finished({ outcome: `outcome-${count}` });
  for (let count = 0; count < 1_000; count++) finished({ operation: `operation-${count}` });
  const lines = prometheusText(metrics.families({})).split("\n");
  assert.ok(lines.filter((line) => line.startsWith("millrace_requests_total{")).length < 700);
});

test("a duration falls into the bucket whose bound it does not exceed", () => {
  const histogram = new DurationHistogram();
  for (const ms of [0, 0.125, 0.126, 8192, 9000]) histogram.observe(ms);
  const samples = histogram.samples({});
  const bucket = (le: string) => samples.find(({ labels }) => labels?.["le"] === le)?.value;
  assert.equal(bucket("0.000125"), 2);
  assert.equal(bucket("0.00025"), 3);
  assert.equal(bucket("8.192"), 4);
  assert.equal(bucket("+Inf"), 5);
});

test("labels and help are escaped", () => {
  const text = prometheusText([
    {
      name: "a",
      type: "gauge",
      help: "one\ntwo\\",
      samples: [{ labels: { b: 'x"y\\\n' }, value: Number.POSITIVE_INFINITY }],
    },
  ]);
  assert.equal(text, '# HELP a one\\ntwo\\\\\n# TYPE a gauge\na{b="x\\"y\\\\\\n"} +Inf\n');
  assert.equal(metricName("9 lives-long"), "_9_lives_long");
});
