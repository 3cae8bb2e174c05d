import type { IncomingHttpHeaders } from "node:http";

/** What web pages may do. */
export interface OriginPolicy {
  /** With verified signatures a page can do only what its user's keys may: CORS responses are then AWS's. */
  readonly verifiesSignatures: boolean;
  /** The values of `--cors-origin`: origins such as `https://app.example`, or `*`. */
  readonly corsOrigins: readonly string[];
}

interface RequestHead {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Whether a page of this origin may use the API. Without verification every signature passes, so a page on another host
 * could read and write a developer's streams through the developer's browser; such a page is refused. An origin that is
 * not http(s) does not come from a web page and is allowed, as AWS allows it. The exceptions are `null`, which browsers send
 * for the sandboxed frames of any page, and a text that is no URL but names http(s): browsers, and proxies that join two
 * headers to one, may take more for an origin than the URL parser does.
 */
export function isOriginAllowed(origin: string, policy: OriginPolicy): boolean {
  if (policy.verifiesSignatures || policy.corsOrigins.includes("*")) return true;
  if (policy.corsOrigins.includes(origin)) return true;
  if (origin === "null") return false;
  const url = URL.parse(origin);
  if (url === null) return !/https?:/i.test(origin);
  if (url.protocol !== "http:" && url.protocol !== "https:") return true;
  if (isLoopbackHost(url.hostname)) return true;
  return policy.corsOrigins.some((allowed) => URL.parse(allowed)?.origin === url.origin);
}

/**
 * Whether a request comes from a page of this very server, from the address bar, or from a program that is no browser. Pages
 * of other ports of the same machine are foreign here, because any development server or notebook may have one. Browsers send
 * `Sec-Fetch-Site` to loopback names and over TLS; without it, an `Origin` must name the host and port of `Host`.
 */
export function isSameOrigin(headers: IncomingHttpHeaders): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin" || site === "none";
  const { origin, host } = headers;
  if (origin === undefined) return true;
  const url = URL.parse(origin);
  return url !== null && host !== undefined && url.host === URL.parse(`${url.protocol}//${host}`)?.host;
}

/** Whether a browser opens the address as a page of its own: by a link of another site, but not in a frame. */
export function isTopNavigation({ method, headers }: RequestHead): boolean {
  return method === "GET" && headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
}

/**
 * Whether the `Host` header of a request for an admin path is a loopback name or one of `hosts`, the names that the operator
 * gave. A page whose own name resolves to 127.0.0.1 (DNS rebinding) sends its own name. A wildcard address in `hosts`
 * allows every address, because addresses cannot be rebound.
 */
export function isAdminHost(hostHeader: string | undefined, hosts: readonly string[]): boolean {
  if (hostHeader === undefined) return false;
  const hostname = URL.parse(`http://${hostHeader}`)?.hostname;
  if (hostname === undefined) return false;
  if (isLoopbackHost(hostname)) return true;
  const isAnyAddress = hosts.some((host) => host === "0.0.0.0" || host === "::");
  if (isAnyAddress && isAddress(hostname)) return true;
  return hosts.some((host) => URL.parse(`http://${host.includes(":") ? `[${host}]` : host}`)?.hostname === hostname);
}

/** Whether this is the request that a browser sends before the real one, without credentials. */
export function isPreflight({ method, headers }: RequestHead): boolean {
  return headers.origin !== undefined && method === "OPTIONS";
}

/** The headers of the response to a preflight. */
export function preflightHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const requestedHeaders = headers["access-control-request-headers"];
  const requestedMethod = headers["access-control-request-method"];
  return {
    "Access-Control-Allow-Origin": "*",
    ...(requestedHeaders === undefined ? {} : { "Access-Control-Allow-Headers": requestedHeaders }),
    ...(requestedMethod === undefined ? {} : { "Access-Control-Allow-Methods": requestedMethod }),
    "Access-Control-Max-Age": "172800",
  };
}

/** The headers of every other response to a request with an `Origin`. */
export const corsHeaders: Readonly<Record<string, string>> = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers":
    "x-amzn-RequestId,x-amzn-ErrorType,x-amz-request-id,x-amz-id-2,x-amzn-ErrorMessage,Date",
};

/** `hostname` as a URL gives it: lower case, addresses in their shortest form, IPv6 in brackets. */
function isLoopbackHost(hostname: string): boolean {
  const name = hostname.endsWith(".") ? hostname.slice(0, -1) : hostname;
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  return name === "[::1]" || isIpv4(name, /^127\./) || /^\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\]$/.test(name);
}

function isAddress(hostname: string): boolean {
  return hostname.startsWith("[") || isIpv4(hostname, /^/);
}

function isIpv4(hostname: string, start: RegExp): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(hostname) && start.test(hostname);
}
