import { requestRefused } from "../../telemetry/diagnostic-events.ts";
import { type DevTools, devResponse, isDevPath } from "../dev/dev-endpoints.ts";
import type { RequestHandler, WireRequest, WireResponse } from "../http/http-message.ts";
import {
  corsHeaders,
  isAdminHost,
  isOriginAllowed,
  isPreflight,
  type OriginPolicy,
  preflightHeaders,
} from "../http/origin-rules.ts";
import { type HealthReport, healthResponse } from "./health.ts";

/** What an operator looks at. */
export interface AdminEndpoints {
  readonly health: () => Promise<HealthReport>;
  /** Prometheus text. */
  readonly metrics: () => Promise<string>;
  /** Names and addresses, besides loopback, by which metrics and console may be asked for. */
  readonly adminHosts: readonly string[];
  /** Absent without `--dev`. */
  readonly dev?: DevTools | undefined;
}

export interface MainPort extends AdminEndpoints {
  /** Everything that is not health, metrics, console or a dev endpoint. */
  readonly pipeline: RequestHandler;
  readonly origins: OriginPolicy;
  /** Whether metrics and console are on a port of their own. */
  readonly isAdminElsewhere: boolean;
}

/** The main port: web pages that may not call are turned away, operators get their rooms, the rest is the API. */
export function mainPortHandler(door: MainPort): RequestHandler {
  return (request) => {
    const { origin } = request.headers;
    if (origin !== undefined) return fromWebPage(request, origin, door);
    return inside(request, door);
  };
}

/** The port of `--admin-port`: health, metrics and console, and nothing of the API. */
export function adminPortHandler(rooms: AdminEndpoints): RequestHandler {
  return async (request) => {
    const { origin } = request.headers;
    if (origin !== undefined && !isOriginAllowed(origin, { verifiesSignatures: false, corsOrigins: [] })) {
      return refuseOrigin(origin);
    }
    return (await adminRoom(request, rooms)) ?? notFound;
  };
}

async function fromWebPage(request: WireRequest, origin: string, door: MainPort): Promise<WireResponse> {
  // What asks for no signature is not guarded by one.
  const verifiesSignatures = door.origins.verifiesSignatures && !isAdminPath(pathOf(request));
  if (!isOriginAllowed(origin, { ...door.origins, verifiesSignatures })) return refuseOrigin(origin);
  if (isPreflight(request)) return { status: 200, headers: preflightHeaders(request.headers), body: "" };
  const response = await inside(request, door);
  return { ...response, headers: { ...response.headers, ...corsHeaders } };
}

function inside(request: WireRequest, door: MainPort): Promise<WireResponse> {
  const { method, url } = request;
  if (method !== "GET" && method !== "HEAD" && !url.startsWith("/dev/")) return door.pipeline(request);
  return roomOrPipeline(request, door);
}

async function roomOrPipeline(request: WireRequest, door: MainPort): Promise<WireResponse> {
  if (door.isAdminElsewhere && isAdminPath(pathOf(request))) return notFound;
  return (await adminRoom(request, door)) ?? door.pipeline(request);
}

/** Undefined: not a path of the operator's. */
async function adminRoom(request: WireRequest, rooms: AdminEndpoints): Promise<WireResponse | undefined> {
  const path = pathOf(request);
  if (path === "/health") return healthResponse(await rooms.health());
  if (!isAdminPath(path)) return undefined;
  const { host } = request.headers;
  if (!isAdminHost(host, rooms.adminHosts)) {
    requestRefused.publish({ reason: "host" });
    return plain(403, `Host ${JSON.stringify(host ?? "")} is not a name of this server for its operators.`);
  }
  if (isDevPath(path) && rooms.dev !== undefined) return devResponse(request, path, rooms.dev);
  if (path !== "/metrics") return notFound;
  return {
    status: 200,
    headers: { "Content-Type": "text/plain; version=0.0.4; charset=utf-8", "Cache-Control": "no-store" },
    body: await rooms.metrics(),
  };
}

function isAdminPath(path: string): boolean {
  return path === "/metrics" || path === "/console" || path.startsWith("/console/") || isDevPath(path);
}

function pathOf({ url }: WireRequest): string {
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
}

function refuseOrigin(origin: string): WireResponse {
  requestRefused.publish({ reason: "origin" });
  return plain(403, `Web pages of ${JSON.stringify(origin)} may not use this server; --cors-origin lets them.`);
}

const notFound = plain(404, "There is nothing here.");

function plain(status: number, sentence: string): WireResponse {
  return { status, headers: { "Content-Type": "text/plain; charset=utf-8" }, body: `${sentence}\n` };
}
