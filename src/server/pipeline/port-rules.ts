import { isDevPath } from "../dev/dev-endpoints.ts";
import type { WireRequest } from "../http/http-message.ts";
import { isAdminHost, isOriginAllowed, type OriginPolicy } from "../http/origin-rules.ts";

/** What a port serves, and to whom. Fixed while the port is open. */
export interface PortRules {
  readonly servesApi: boolean;
  /** Whether `/metrics`, `/console` and the dev endpoints are on this port. They ask for no signature. */
  readonly servesAdmin: boolean;
  /** Whether the dev endpoints exist at all (`--dev`). */
  readonly servesDev: boolean;
  /** Names and addresses, besides loopback, that a request for an admin path may have in its `Host` header. */
  readonly adminHosts: readonly string[];
  readonly origins: OriginPolicy;
}

/**
 * `refuse_origin`, `refuse_host`: 403. `absent`: 404. `preflight`: the answer to a CORS preflight. `health_status`: `/health`
 * without anything but the status.
 */
export type PortRoute =
  | "api"
  | "health"
  | "health_status"
  | "metrics"
  | "dev"
  | "preflight"
  | "absent"
  | "refuse_origin"
  | "refuse_host";

/**
 * Decides where a request goes, before anything of its body is looked at:
 *
 * 1. A web page of an origin that may not call gets nothing. A verified signature lets every origin call the API, but not
 *    the admin paths, which have no signature.
 * 2. `/health` is served under every `Host`, because load balancers name the server as they like. Its sentences name
 *    streams, files and accounts: only the callers of admin paths get them, all others the status.
 * 3. Admin paths are served under loopback names and `adminHosts` only, on the port that has them.
 * 4. All else is the API's.
 */
export function routeOf(request: Pick<WireRequest, "method" | "url" | "headers">, rules: PortRules): PortRoute {
  const { method, url, headers } = request;
  if (headers.origin !== undefined) {
    if (!isOriginAllowed(headers.origin, originPolicyFor(pathOf(url), rules))) return "refuse_origin";
    if (rules.servesApi && method === "OPTIONS") return "preflight";
  }
  // Clients post to the API; of the admin paths only the dev endpoints take another method than GET.
  if (rules.servesApi && method !== "GET" && method !== "HEAD" && !url.startsWith("/dev/")) return "api";
  const path = pathOf(url);
  if (path === "/health") return mayReadSentences(headers, rules) ? "health" : "health_status";
  return isAdminPath(path) ? adminRoute(path, headers.host, rules) : rules.servesApi ? "api" : "absent";
}

function adminRoute(path: string, host: string | undefined, rules: PortRules): PortRoute {
  if (!rules.servesAdmin) return "absent";
  if (!isAdminHost(host, rules.adminHosts)) return "refuse_host";
  if (path === "/metrics") return "metrics";
  return rules.servesDev && isDevPath(path) ? "dev" : "absent";
}

function mayReadSentences({ host, origin }: WireRequest["headers"], { adminHosts, origins }: PortRules): boolean {
  if (!isAdminHost(host, adminHosts)) return false;
  return origin === undefined || isOriginAllowed(origin, { ...origins, verifiesSignatures: false });
}

function originPolicyFor(path: string, { origins }: PortRules): OriginPolicy {
  return { ...origins, verifiesSignatures: origins.verifiesSignatures && !isAdminPath(path) };
}

function isAdminPath(path: string): boolean {
  return path === "/metrics" || path === "/console" || path.startsWith("/console/") || isDevPath(path);
}

/** Without the query. */
export function pathOf(url: string): string {
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
}
