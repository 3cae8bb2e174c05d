import { StartError } from "../../config/start-error.ts";

/** The SDK of OpenTelemetry: packages that are installed by those who export. */
export interface OpenTelemetry {
  readonly api: typeof import("@opentelemetry/api");
  readonly sdk: typeof import("@opentelemetry/sdk-metrics");
  readonly resources: typeof import("@opentelemetry/resources");
  readonly exporter: typeof import("@opentelemetry/exporter-metrics-otlp-proto");
}

/** What `npm install` takes. The versions are those that the tests run with. */
export const openTelemetryPackages = [
  "@opentelemetry/api@1",
  "@opentelemetry/sdk-metrics@3",
  "@opentelemetry/resources@3",
  "@opentelemetry/exporter-metrics-otlp-proto@0.301",
] as const;

/**
 * Throws `StartError` where a package is missing, or the environment asks for a protocol that the exporter does not speak. It
 * takes about 0.1 s.
 */
export async function loadOpenTelemetry(): Promise<OpenTelemetry> {
  checkProtocol();
  try {
    const [api, sdk, resources, exporter] = await Promise.all([
      import("@opentelemetry/api"),
      import("@opentelemetry/sdk-metrics"),
      import("@opentelemetry/resources"),
      import("@opentelemetry/exporter-metrics-otlp-proto"),
    ]);
    return { api, sdk, resources, exporter };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new StartError(missing, { cause: error });
  }
}

const missing = `--otlp-endpoint needs packages of OpenTelemetry that are not installed; run "npm install ${openTelemetryPackages.join(" ")}" where millrace is installed (with --global if it is), or leave --otlp-endpoint out`;

function checkProtocol(): void {
  for (const variable of ["OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"]) {
    const protocol = process.env[variable];
    if (protocol === undefined || protocol === "") continue;
    if (protocol === "http/protobuf") return;
    throw new StartError(
      `${variable}: ${JSON.stringify(protocol)} is not http/protobuf, the protocol of --otlp-endpoint (port 4318 of most collectors)`,
    );
  }
}
