import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { type MetricsExported, metricsExported } from "../../../../src/telemetry/diagnostic-events.ts";
import { exportMetrics } from "../../../../src/telemetry/otlp/export-metrics.ts";
import { loadOpenTelemetry } from "../../../../src/telemetry/otlp/load-opentelemetry.ts";
import { until } from "../../../support/until.ts";

const openTelemetry = await loadOpenTelemetry();
process.env["OTEL_METRIC_EXPORT_INTERVAL"] = "20";
const timeoutMs = "200";
process.env["OTEL_EXPORTER_OTLP_TIMEOUT"] = timeoutMs;
process.env["OTEL_EXPORTER_OTLP_HEADERS"] = "authorization=Bearer secret-token";

const families = async () => [{ name: "a_total", type: "counter", help: "A.", samples: [{ value: 1 }] } as const];

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function startCollector(t: TestContext, handler: Handler): Promise<string> {
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://user:password@127.0.0.1:${(server.address() as AddressInfo).port}/base/?key=secret-key`;
}

function collectReports(t: TestContext): readonly MetricsExported[] {
  const reports: MetricsExported[] = [];
  t.after(metricsExported.subscribe((report) => reports.push(report)));
  return reports;
}

function start(endpoint: string, collect: Parameters<typeof exportMetrics>[1]["families"] = families) {
  return exportMetrics(openTelemetry, { endpoint, families: collect, nowMs: Date.now, lastExportMsMax: 100 });
}

test("a collector that refuses is reported once with its reason and again when it accepts, without any secret", async (t) => {
  const reports = collectReports(t);
  let status = 401;
  const seen: IncomingMessage[] = [];
  const endpoint = await startCollector(t, (request, response) => {
    seen.push(request);
    request.resume().on("end", () => response.writeHead(status).end("secret-body"));
  });
  const stop = start(endpoint);
  await until(() => reports.length >= 3);
  status = 200;
  await until(() => reports.at(-1)?.reason === undefined);
  await stop();
  assert.deepEqual(
    reports.filter(({ isChange }) => isChange).map(({ reason }) => reason),
    ["Unauthorized (HTTP 401)", undefined],
  );
  assert.equal(reports.at(-1)?.reason, undefined);
  assert.match(reports[0]?.endpoint ?? "", /^http:\/\/127\.0\.0\.1:\d+\/base\/$/);
  assert.doesNotMatch(JSON.stringify(reports), /secret|password/);
  const [{ url, headers } = { url: "", headers: {} }] = seen;
  assert.equal(url, "/base/v1/metrics?key=secret-key");
  assert.equal(headers.authorization, "Bearer secret-token");
  assert.equal(headers["content-type"], "application/x-protobuf");
});

test("a collector that is away is reported with the reason of the system", async (t) => {
  const reports = collectReports(t);
  const endpoint = "http://127.0.0.1:1";
  const stop = start(endpoint);
  await until(() => reports.length >= 1);
  await stop();
  assert.match(reports[0]?.reason ?? "", /ECONNREFUSED/);
});

test("a collector that never responds has few exports at once, and holds up the end for the given time only", async (t) => {
  const reports = collectReports(t);
  process.env["OTEL_EXPORTER_OTLP_TIMEOUT"] = "2000";
  t.after(() => {
    process.env["OTEL_EXPORTER_OTLP_TIMEOUT"] = timeoutMs;
  });
  let openCount = 0;
  let openCountMax = 0;
  let collectedCount = 0;
  const endpoint = await startCollector(t, (request) => {
    openCountMax = Math.max(openCountMax, ++openCount);
    request.on("close", () => openCount--);
  });
  const stop = start(endpoint, () => {
    collectedCount++;
    return families();
  });
  await until(() => collectedCount >= 5);
  await stop();
  assert(openCountMax <= 2, `${openCountMax} exports at once`);
  assert.equal(reports.at(-1)?.reason, "the last export took more than 100 ms");
});

test("metrics that cannot be collected are reported too, and the export goes on", async (t) => {
  const reports = collectReports(t);
  let isFailing = true;
  const endpoint = await startCollector(t, (request, response) => {
    request.resume().on("end", () => response.end());
  });
  const stop = start(endpoint, () => (isFailing ? Promise.reject(new Error("no figures")) : families()));
  await until(() => reports.length >= 1);
  assert.equal(reports[0]?.reason, "no figures");
  isFailing = false;
  await until(() => reports.at(-1)?.reason === undefined);
  await stop();
});
