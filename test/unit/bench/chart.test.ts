import assert from "node:assert/strict";
import { test } from "node:test";
import { drawChart } from "../../../bench/chart.ts";
import type { Row } from "../../../bench/report.ts";

function row(name: string, kind: Row["kind"], recordsPerSecond: number): Row {
  const cpu = { cpuSecondsPerMillion: 1, mainCpuSecondsPerMillion: 1 };
  const rest = { rounds: 1, p50Ms: 1, p99Ms: 1, residentMiB: 1, writtenPerByte: 1, failedRecords: 0 };
  return { name, kind, recordsPerSecond, ...cpu, ...rest };
}

test("each server has a bar as long as the powers of ten in its rate, the fastest first", () => {
  const rows = [row("a <slow> peer", "peer", 100), row("millrace durable", "ours", 100_000)];
  const chart = drawChart({ "put-records-1k": rows });
  const bars = [...chart.matchAll(/<rect class="(\w+)" [^>]*width="([\d.]+)"/g)].map(([, kind, width]) => [
    kind,
    width,
  ]);
  const [[fastKind, fast] = [], [slowKind, slow] = []] = bars;
  assert.deepEqual([fastKind, slowKind], ["ours", "peer"]);
  assert.ok(Math.abs(Number(fast) / Number(slow) - 4) < 0.01, `${fast} against ${slow}`);
  assert.match(chart, /a &lt;slow> peer/);
});

test("variants of our servers and servers that moved nothing are left out", () => {
  const rows = [row("millrace durable", "ours", 10), row("millrace durable tls", "ours", 10), row("moto", "peer", 0)];
  assert.equal(drawChart({ "put-records-1k": rows }).match(/<rect/g)?.length, 1);
});
