import { randomUUID } from "node:crypto";
import type { MetricProducer, PushMetricExporter } from "@opentelemetry/sdk-metrics";
import { packageVersion } from "../../config/package-version.ts";
import { shownUrl } from "../../config/shown-url.ts";
import { metricsExported } from "../diagnostic-events.ts";
import type { MetricFamily } from "../prometheus-text.ts";
import type { OpenTelemetry } from "./load-opentelemetry.ts";
import { metricDataOf, type SeriesCounts } from "./metric-data.ts";

export interface MetricsExportOptions {
  /** The address of the collector, to which the path of metrics is appended. */
  readonly endpoint: string;
  /** All metrics as they are now. */
  readonly families: () => Promise<readonly MetricFamily[]>;
  readonly nowMs: () => number;
  /** How long the last export may take. */
  readonly lastExportMsMax: number;
}

/** A collector that does not respond has at most so many exports, each with all metrics; the next ones are left out. */
const exportsAtOnceMax = 2;
// The defaults of OTEL_METRIC_EXPORT_INTERVAL and OTEL_METRIC_EXPORT_TIMEOUT.
const intervalMsDefault = 60_000;
const timeoutMsDefault = 30_000;
/** A timer of Node can wait for 24 days. */
const msMax = 86_400_000;

/**
 * Exports all metrics by OTLP over HTTP at each interval. The SDK reads headers, timeout, compression and certificates from
 * the OTEL_EXPORTER_OTLP_ variables, and further attributes of the resource from OTEL_RESOURCE_ATTRIBUTES. Returns a
 * function that exports once more and stops.
 */
export function exportMetrics(openTelemetry: OpenTelemetry, options: MetricsExportOptions): () => Promise<void> {
  const { sdk, resources, exporter } = openTelemetry;
  const { endpoint, families, nowMs, lastExportMsMax } = options;
  let report = exportReports(shownUrl(endpoint));
  const onResult: ExportReport = (failure) => report(failure);
  const otlp = new exporter.OTLPMetricExporter({ url: metricsUrl(endpoint), concurrencyLimit: exportsAtOnceMax });
  const intervalMs = msOf("OTEL_METRIC_EXPORT_INTERVAL") ?? intervalMsDefault;
  const reader = new sdk.PeriodicExportingMetricReader({
    exporter: reportingExporter(otlp, onResult),
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: Math.min(msOf("OTEL_METRIC_EXPORT_TIMEOUT") ?? timeoutMsDefault, intervalMs),
    metricProducers: [producerOf(openTelemetry, { families, nowMs, report: onResult })],
  });
  const own = resources.resourceFromAttributes({
    "service.name": "millrace",
    "service.version": packageVersion(),
    "service.instance.id": randomUUID(),
  });
  const fromEnvironment = resources.detectResources({ detectors: [resources.envDetector] });
  const provider = new sdk.MeterProvider({ resource: own.merge(fromEnvironment), readers: [reader] });
  return async () => {
    const late = new Error(`the last export took more than ${lastExportMsMax} ms`);
    await provider.shutdown({ timeoutMillis: lastExportMsMax }).catch(() => report(late));
    // What an abandoned export comes to follows the end of the server, and is told to no one.
    report = () => undefined;
  };
}

/** Called with the failure of each export, or with undefined where the collector has taken it. */
type ExportReport = (failure: unknown) => void;

function exportReports(endpoint: string): ExportReport {
  let isFailing = false;
  return (failure) => {
    const hasFailed = failure !== undefined;
    const isChange = hasFailed !== isFailing;
    isFailing = hasFailed;
    metricsExported.publish({ endpoint, isChange, ...(hasFailed ? { reason: reasonOf(failure) } : {}) });
  };
}

/** An error of several addresses has the reasons in its parts. The response's body is left out: it may quote headers. */
function reasonOf(failure: unknown): string {
  const parts: readonly unknown[] = failure instanceof AggregateError ? failure.errors : [failure];
  const reasons = parts.map((part) => (part instanceof Error ? part.message : String(part))).join(", ");
  const status = failure instanceof Error && "code" in failure ? failure.code : undefined;
  return typeof status === "number" ? `${reasons} (HTTP ${status})` : reasons;
}

function producerOf(
  openTelemetry: OpenTelemetry,
  source: Pick<MetricsExportOptions, "families" | "nowMs"> & { readonly report: ExportReport },
): MetricProducer {
  const { families, nowMs, report } = source;
  const resource = openTelemetry.resources.emptyResource();
  const scope = { name: "millrace", version: packageVersion() };
  let previous: SeriesCounts = new Map();
  let previousMs = performance.timeOrigin;
  return {
    async collect() {
      try {
        const collected = await families();
        const now = nowMs();
        const { metrics, counts } = metricDataOf(collected, { nowMs: now, previousMs, previous }, openTelemetry);
        previous = counts;
        previousMs = now;
        return { resourceMetrics: { resource, scopeMetrics: [{ scope, metrics }] }, errors: [] };
      } catch (error) {
        report(error);
        return { resourceMetrics: { resource, scopeMetrics: [] }, errors: [] };
      }
    },
  };
}

/** The SDK would write failures to a log of its own. */
function reportingExporter(otlp: PushMetricExporter, report: ExportReport): PushMetricExporter {
  return {
    export(metrics, done) {
      otlp.export(metrics, ({ error }) => {
        report(error);
        done({ code: 0 });
      });
    },
    forceFlush: () => otlp.forceFlush(),
    shutdown: () => otlp.shutdown(),
  };
}

function metricsUrl(endpoint: string): string {
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/metrics`;
  return url.href;
}

/** The SDK leaves these variables to its programs. As it does with others, it ignores what is no number. */
function msOf(variable: string): number | undefined {
  const ms = Number(process.env[variable] ?? "");
  return ms >= 1 && ms <= msMax ? Math.round(ms) : undefined;
}
