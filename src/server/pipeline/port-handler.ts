import type { EngineHealth } from "../../engine/engine.ts";
import { requestRefused } from "../../telemetry/diagnostic-events.ts";
import { consoleApiResponse, refusedByMode } from "../console/console-api.ts";
import { ConsoleFiles } from "../console/console-files.ts";
import type { ConsoleServices } from "../console/console-services.ts";
import { type DevTools, devResponse } from "../dev/dev-endpoints.ts";
import type { BodyAdmitter, RequestHandler, WireRequest, WireResponse } from "../http/http-message.ts";
import { corsHeaders, preflightHeaders } from "../http/origin-rules.ts";
import { plainBodyBytesMax } from "../http/server-limits.ts";
import { type HealthReport, healthResponse, healthStatusResponse } from "./health.ts";
import { type PortRoute, type PortRules, pathOf, routeOf } from "./port-rules.ts";

/** What the routes of all ports lead to. */
export interface Endpoints {
  /** The Kinesis API. */
  readonly api: RequestHandler;
  /** The same for the page of the console, whose reads are not counted as those of a consumer. */
  readonly consoleApi: RequestHandler;
  readonly apiBodies: BodyAdmitter;
  /** The part of CloudWatch that reads metrics of Kinesis. */
  readonly monitoring: RequestHandler;
  readonly monitoringBodies: BodyAdmitter;
  /** Calls that other gateways pass on; absent where one server alone uses the engine. */
  readonly gateway?: RequestHandler | undefined;
  /** Asks the engine, unless it is told what the engine says. */
  readonly health: (asked?: EngineHealth) => Promise<HealthReport>;
  /** Prometheus text. */
  readonly metrics: () => Promise<string>;
  /** Absent with `--console off`. */
  readonly console?: ConsoleServices | undefined;
  /** Absent without `--dev`. */
  readonly dev?: DevTools | undefined;
}

/** Handles all requests of one port. */
export function portHandler(rules: PortRules, endpoints: Endpoints): RequestHandler {
  return (request) => {
    const route = routeOf(request, rules);
    if (route === "api" && request.headers.origin === undefined) return endpoints.api(request);
    return respond(request, { route, rules, endpoints });
  };
}

/** Decides on the bodies of all requests of one port. */
export function portBodyAdmitter(rules: PortRules, endpoints: Endpoints): BodyAdmitter {
  return (head) => {
    const route = routeOf(head, rules);
    if (route === "monitoring") return endpoints.monitoringBodies(head);
    if (route !== "api" && route !== "console_kinesis") return { bytesMax: plainBodyBytesMax };
    const admission = endpoints.apiBodies(head);
    if (!("response" in admission) || head.headers.origin === undefined || route !== "api") return admission;
    return { response: forWebPage(admission.response) };
  };
}

function forWebPage(response: WireResponse): WireResponse {
  return { ...response, headers: { ...response.headers, ...corsHeaders } };
}

async function respond(
  request: WireRequest,
  { route, rules, endpoints }: { readonly route: PortRoute; readonly rules: PortRules; readonly endpoints: Endpoints },
): Promise<WireResponse> {
  const response = await responseOf(route, request, endpoints);
  const isForWebPage = request.headers.origin !== undefined && rules.servesApi;
  return isForWebPage && !withoutCorsHeaders.has(route) ? forWebPage(response) : response;
}

/** What no page of another origin may read. */
const withoutCorsHeaders: ReadonlySet<PortRoute> = new Set([
  "console",
  "console_api",
  "console_kinesis",
  "dev",
  "preflight",
  "refuse_origin",
  "refuse_site",
] as const);

const files = new ConsoleFiles();

/** The console of a port that has it. */
async function consoleResponse(
  route: "console" | "console_api" | "console_kinesis",
  request: WireRequest,
  endpoints: Endpoints,
): Promise<WireResponse> {
  const services = endpoints.console;
  if (services === undefined) return notFound;
  const path = pathOf(request.url);
  switch (route) {
    case "console":
      return files.response(path, request);
    case "console_api":
      return await consoleApiResponse(request, path, services, endpoints.health);
    case "console_kinesis":
      return refusedByMode(request.headers, services) ?? (await endpoints.consoleApi(request));
  }
}

async function responseOf(route: PortRoute, request: WireRequest, endpoints: Endpoints): Promise<WireResponse> {
  const { headers } = request;
  switch (route) {
    case "api":
      return endpoints.api(request);
    case "monitoring":
      return endpoints.monitoring(request);
    case "gateway":
      return endpoints.gateway === undefined ? notFound : endpoints.gateway(request);
    case "health":
      return healthResponse(await endpoints.health());
    case "health_status":
      return healthStatusResponse(await endpoints.health());
    case "metrics":
      return metricsResponse(await endpoints.metrics());
    case "dev":
      return endpoints.dev === undefined ? notFound : devResponse(request, pathOf(request.url), endpoints.dev);
    case "console":
    case "console_api":
    case "console_kinesis":
      return consoleResponse(route, request, endpoints);
    case "to_console":
      return { status: 302, headers: { Location: "/console/", "Cache-Control": "no-store" }, body: "" };
    case "preflight":
      return { status: 200, headers: preflightHeaders(headers), body: "" };
    case "absent":
      return notFound;
    case "refuse_origin":
      requestRefused.publish({ reason: "origin" });
      return plain(403, originRefused(headers.origin ?? ""));
    case "refuse_site":
      requestRefused.publish({ reason: "origin" });
      return plain(403, siteRefused);
    case "refuse_host":
      requestRefused.publish({ reason: "host" });
      return plain(403, hostRefused(headers.host ?? ""));
  }
}

function originRefused(origin: string): string {
  return `Cross-origin request refused: web pages of ${JSON.stringify(origin)} may not call this server. Start it with --cors-origin to allow that origin.`;
}

const siteRefused =
  "Cross-site request refused: the console and the endpoints of --dev respond to pages of this very address and to programs, not to pages of other sites or ports.";

function hostRefused(host: string): string {
  return `Host header ${JSON.stringify(host)} refused: this path is served under loopback names (localhost, 127.0.0.1, [::1]) and the names of --admin-host only.`;
}

const notFound = plain(
  404,
  "Not found: this port has no such path. The Kinesis API takes POST requests to /. /dev/ needs --dev; with --admin-port, metrics and /dev/ are on that port.",
);

function metricsResponse(text: string): WireResponse {
  const contentType = "text/plain; version=0.0.4; charset=utf-8";
  return { status: 200, headers: { "Content-Type": contentType, "Cache-Control": "no-store" }, body: text };
}

function plain(status: number, sentence: string): WireResponse {
  return { status, headers: { "Content-Type": "text/plain; charset=utf-8" }, body: `${sentence}\n` };
}
