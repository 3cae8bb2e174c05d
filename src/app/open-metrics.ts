import type { Config } from "../config/config.ts";
import type { OpenTelemetry } from "../telemetry/otlp/load-opentelemetry.ts";
import { ProcessMetrics } from "../telemetry/process-metrics.ts";
import { type MetricFamily, prometheusText } from "../telemetry/prometheus-text.ts";
import type { Clock } from "../time/clock.ts";

/** A stop that waits for requests for 5 s ends before a container engine's 10 s are over. */
const lastExportMsMax = 2_000;

export type FamiliesNow = () => Promise<readonly MetricFamily[]>;

/** The SDK of OpenTelemetry where metrics are exported; else it is not loaded. Throws `StartError` if it is not installed. */
export async function loadOpenTelemetryFor({ otlpEndpoint }: Config): Promise<OpenTelemetry | undefined> {
  if (otlpEndpoint === undefined) return undefined;
  const { loadOpenTelemetry } = await import("../telemetry/otlp/load-opentelemetry.ts");
  return loadOpenTelemetry();
}

export interface OpenMetricsOptions {
  readonly config: Config;
  /** Undefined: metrics are not exported. */
  readonly openTelemetry: OpenTelemetry | undefined;
  /** All metrics but those of the process. */
  readonly families: FamiliesNow;
  readonly clock: Clock;
  readonly closing: AsyncDisposableStack;
}

/** Begins the export of all metrics, if there is one. Returns what makes the body of `GET /metrics`. */
export async function openMetrics(options: OpenMetricsOptions): Promise<() => Promise<string>> {
  const { config, openTelemetry, families, clock, closing } = options;
  const scraped = withProcessMetrics(families, closing);
  const { otlpEndpoint: endpoint } = config;
  if (endpoint !== undefined && openTelemetry !== undefined) {
    const { exportMetrics } = await import("../telemetry/otlp/export-metrics.ts");
    const exported = withProcessMetrics(families, closing);
    closing.defer(
      exportMetrics(openTelemetry, { endpoint, families: exported, nowMs: () => clock.nowMs(), lastExportMsMax }),
    );
  }
  return async () => prometheusText(await scraped());
}

/** For one reader: the delays of the event loop are those since its last reading. */
function withProcessMetrics(families: FamiliesNow, closing: AsyncDisposableStack): FamiliesNow {
  const metrics = new ProcessMetrics();
  closing.defer(() => metrics.close());
  return async () => [...(await families()), ...metrics.families()];
}
