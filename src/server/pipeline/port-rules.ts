import { cloudWatchProtocol } from "../../cloudwatch/wire-protocol.ts";
import { isConsoleApiPath, kinesisPath } from "../console/console-api.ts";
import { isDevPath } from "../dev/dev-endpoints.ts";
import type { WireRequest } from "../http/http-message.ts";
import {
  isAdminHost,
  isOriginAllowed,
  isSameOrigin,
  isTopNavigation,
  type OriginPolicy,
} from "../http/origin-rules.ts";

const devPrefix = "/dev/";
/** Where other gateways pass calls on to. */
export const gatewayCallPath = "/gateway/call";

/** What a port serves, and to whom. Fixed while the port is open. */
export interface PortRules {
  readonly servesApi: boolean;
  /** Whether other gateways may pass calls on to this port. */
  readonly servesGateways: boolean;
  /** Whether `/metrics`, `/console` and the dev endpoints are on this port. They ask for no signature. */
  readonly servesAdmin: boolean;
  /** Whether the dev endpoints exist at all (`--dev`). */
  readonly servesDev: boolean;
  /** Whether the web console exists at all (`--console`). */
  readonly servesConsole: boolean;
  /** Names and addresses, besides loopback, that a request for an admin path may have in its `Host` header. */
  readonly adminHosts: readonly string[];
  readonly origins: OriginPolicy;
}

/**
 * `monitoring`: CloudWatch, told by what names the service in its protocols. `to_console`: a redirect to its page.
 * `refuse_origin`, `refuse_site`, `refuse_host`: 403. `absent`: 404. `preflight`: the answer to a CORS preflight.
 * `health_status`: `/health` without anything but the status.
 */
export type PortRoute =
  | "api"
  | "monitoring"
  | "gateway"
  | "health"
  | "health_status"
  | "metrics"
  | "dev"
  | "console"
  | "console_api"
  | "console_kinesis"
  | "to_console"
  | "preflight"
  | "absent"
  | "refuse_origin"
  | "refuse_site"
  | "refuse_host";

/**
 * Decides where a request goes, before anything of its body is looked at:
 *
 * 1. The console and the dev endpoints are called by pages of this very port alone, whatever `--cors-origin` says.
 * 2. Elsewhere, a web page of an origin that may not call gets nothing. A verified signature lets every origin call the API,
 *    but not the admin paths, which have no signature.
 * 3. `/health` is served under every `Host`, because load balancers name the server as they like. Its sentences name
 *    streams, files and accounts: only the callers of admin paths get them, all others the status.
 * 4. Admin paths are served under loopback names and `adminHosts` only, on the port that has them.
 * 5. A browser that opens `/` there is led to the console.
 * 6. All else is the API's.
 */
export function routeOf(request: Pick<WireRequest, "method" | "url" | "headers">, rules: PortRules): PortRoute {
  const { method, url, headers } = request;
  if (isOwnPagePath(method, url, rules)) return ownPageRoute(request, rules);
  if (headers.origin !== undefined) {
    if (!isOriginAllowed(headers.origin, originPolicyFor(pathOf(url), rules))) return "refuse_origin";
    if (rules.servesApi && method === "OPTIONS") return "preflight";
  }
  // Clients post to the API; of the other paths here none takes another method than GET.
  if (rules.servesApi && method !== "GET" && method !== "HEAD") return postRoute(request, rules);
  const path = pathOf(url);
  if (path === "/health") return mayReadSentences(headers, rules) ? "health" : "health_status";
  if (path === "/metrics") return adminRoute("metrics", headers.host, rules);
  if (leadsToConsole(request, rules)) return "to_console";
  return rules.servesApi ? "api" : "absent";
}

/** Whether a person has opened the address in a browser: no client of the API reads HTML, and `GET /` is no call. */
function leadsToConsole({ method, url, headers }: Parameters<typeof routeOf>[0], rules: PortRules): boolean {
  if (method !== "GET" || url !== "/" || headers.accept?.includes("text/html") !== true) return false;
  return rules.servesAdmin && rules.servesConsole && isAdminHost(headers.host, rules.adminHosts);
}

function postRoute(request: Parameters<typeof routeOf>[0], { servesGateways }: PortRules): PortRoute {
  if (servesGateways && request.url === gatewayCallPath) return "gateway";
  return cloudWatchProtocol(request) === undefined ? "api" : "monitoring";
}

/** Paths that only pages of this port call. For other methods a path below `/console/` is the API's, which ignores it. */
function isOwnPagePath(method: string, url: string, { servesDev }: PortRules): boolean {
  // Most requests are for `/`.
  if (!url.startsWith("/console") && !url.startsWith(devPrefix)) return false;
  const path = pathOf(url);
  if (isDevPath(path) || path === kinesisPath) return true;
  // With `--dev` all of `/dev/`, so that a misspelt endpoint is told from the API.
  if (path.startsWith(devPrefix)) return servesDev;
  const isReading = method === "GET" || method === "HEAD" || method === "OPTIONS";
  return isReading && isConsolePath(path);
}

function ownPageRoute(request: Parameters<typeof routeOf>[0], rules: PortRules): PortRoute {
  const path = pathOf(request.url);
  const isLink = (path === "/console" || path === "/console/") && isTopNavigation(request);
  if (!isLink && !isSameOrigin(request.headers)) return "refuse_site";
  return adminRoute(ownPageRouteOf(path, rules), request.headers.host, rules);
}

function ownPageRouteOf(path: string, { servesDev, servesConsole }: PortRules): PortRoute {
  if (path.startsWith(devPrefix)) return servesDev ? "dev" : "absent";
  if (!servesConsole) return "absent";
  if (path === kinesisPath) return "console_kinesis";
  return isConsoleApiPath(path) ? "console_api" : "console";
}

function adminRoute(route: PortRoute, host: string | undefined, rules: PortRules): PortRoute {
  if (!rules.servesAdmin) return "absent";
  return isAdminHost(host, rules.adminHosts) ? route : "refuse_host";
}

function isConsolePath(path: string): boolean {
  return path === "/console" || path.startsWith("/console/");
}

function mayReadSentences({ host, origin }: WireRequest["headers"], { adminHosts, origins }: PortRules): boolean {
  if (!isAdminHost(host, adminHosts)) return false;
  return origin === undefined || isOriginAllowed(origin, { ...origins, verifiesSignatures: false });
}

function originPolicyFor(path: string, { origins }: PortRules): OriginPolicy {
  return { ...origins, verifiesSignatures: origins.verifiesSignatures && path !== "/metrics" };
}

/** Without the query. */
export function pathOf(url: string): string {
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
}
