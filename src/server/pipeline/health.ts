import type { Engine, StreamBytes } from "../../engine/engine.ts";
import type { WireResponse } from "../http/http-message.ts";

/** The body of `GET /health`, as JSON. */
export interface HealthReport {
  readonly status: "ready" | "draining" | "unavailable";
  readonly engine: string;
  /** True only if an acknowledged record survives a crash of the machine. */
  readonly durable: boolean;
  /** Sentences; empty when there is no problem. */
  readonly degraded: readonly string[];
}

/** What health depends on besides the engine. */
export interface HealthInputs {
  readonly isDraining: boolean;
  readonly clockMovedByMs?: number;
  /** Why encrypted streams cannot be read or written, as sentences. */
  readonly keyFaults?: readonly string[];
  /** Why channels deliver nothing at present, as sentences. */
  readonly channelFaults?: readonly string[];
  /** Why the credentials file as it is now is not in force, as a sentence. */
  readonly credentialsFault?: string | undefined;
  /** The name of the stream with an id; undefined if there is none, for instance while it is being deleted. */
  readonly streamName?: (streamId: string) => string | undefined;
  /** Why responses may be wrong, as a sentence; only a restart helps. */
  readonly fault?: string | undefined;
}

export async function healthReportOf(
  engine: Pick<Engine, "name" | "health">,
  {
    isDraining,
    clockMovedByMs = 0,
    keyFaults = [],
    channelFaults = [],
    credentialsFault,
    fault,
    streamName,
  }: HealthInputs,
): Promise<HealthReport> {
  try {
    const { ready, durable, degraded, space } = await engine.health();
    const status = isDraining ? "draining" : ready && fault === undefined ? "ready" : "unavailable";
    const moved =
      clockMovedByMs === 0
        ? []
        : [`the clock is moved by ${clockMovedByMs} ms through POST /dev/clock; stored times are not the system's`];
    const holders = space?.isUsedUp === true ? [largestStreamsSentence(space.largestStreams, streamName)] : [];
    const faults = [...holders, ...keyFaults, ...channelFaults, credentialsFault, fault].filter(
      (sentence) => sentence !== undefined,
    );
    return { status, engine: engine.name, durable, degraded: [...degraded, ...moved, ...faults] };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const sentence = `the health check of the engine failed, so the server is reported as unavailable: ${why}`;
    return { status: "unavailable", engine: engine.name, durable: false, degraded: [sentence] };
  }
}

/** "Most space is used by the streams orders (1.2 GiB), clicks (20 MiB)." */
function largestStreamsSentence(
  streams: readonly StreamBytes[],
  nameOf: (streamId: string) => string | undefined = () => undefined,
): string | undefined {
  if (streams.length === 0) return undefined;
  const uses = streams.map(({ streamId, bytes }) => {
    return `${nameOf(streamId) ?? "a stream that is being deleted"} (${formatBytes(bytes)})`;
  });
  return `Most space is used by the streams ${uses.join(", ")}.`;
}

function formatBytes(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let [value, unit] = [bytes, 0];
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** 200 only when requests are served: load balancers look at nothing else. */
export function healthResponse(report: HealthReport): WireResponse {
  return jsonResponse(report.status, report);
}

/** The same for callers that may not read the sentences: a foreign `Host`, the web page of a foreign origin. */
export function healthStatusResponse({ status }: HealthReport): WireResponse {
  return jsonResponse(status, { status });
}

function jsonResponse(status: HealthReport["status"], body: object): WireResponse {
  return {
    status: status === "ready" ? 200 : 503,
    headers: { "Content-Type": "application/json", "Cache-Control": "no-store" },
    body: `${JSON.stringify(body)}\n`,
  };
}
