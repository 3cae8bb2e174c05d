import type { IncomingHttpHeaders } from "node:http";
import { percentEncode, queryParametersOf } from "./query-parameters.ts";

/** The parts of a request that its signature covers. */
export interface RequestToSign {
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  /** Names in lower case; each character of a value is one byte. */
  readonly headers: IncomingHttpHeaders;
  /** The body's SHA-256 in hexadecimal. */
  readonly payloadHash: string;
}

/** Most bytes of a canonical request; valid headers and a path that is encoded twice have fewer. */
const canonicalBytesMax = 256 * 1024;

/**
 * The canonical request of Signature Version 4, one byte per character; IAM User Guide, "Create a signed AWS API request".
 * Undefined when a signed header is absent or named twice, and above `canonicalBytesMax`.
 */
export function canonicalRequest(
  { method, url, headers, payloadHash }: RequestToSign,
  signedHeaders: string,
): string | undefined {
  const names = signedHeaders.split(";");
  let canonicalHeaders = "";
  for (const [index, name] of names.entries()) {
    // Repeated names could make the result quadratic in the request.
    if (names.indexOf(name) !== index) return undefined;
    const value = headers[name];
    // Node joins most repeated headers itself.
    const text = Array.isArray(value) ? value.join(",") : value;
    if (typeof text !== "string") return undefined;
    canonicalHeaders += `${name}:${foldSpaces(text)}\n`;
  }
  const canonical = `${method}\n${canonicalPath(url)}\n${canonicalQuery(url)}\n${canonicalHeaders}\n${signedHeaders}\n${payloadHash}`;
  return canonical.length > canonicalBytesMax ? undefined : canonical;
}

/** As for all services but S3: without empty and dot segments, and percent-encoded once more than it was sent. */
function canonicalPath(url: string): string {
  const path = pathOf(url);
  if (path === "/" || path === "") return "/";
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(percentEncode(segment));
  }
  return kept.length === 0 ? "/" : `/${kept.join("/")}${path.endsWith("/") ? "/" : ""}`;
}

/** The path of a URL, which may be absolute, as clients of a proxy send it. */
function pathOf(url: string): string {
  const end = url.indexOf("?");
  const beforeQuery = end < 0 ? url : url.slice(0, end);
  return beforeQuery.startsWith("/") ? beforeQuery : beforeQuery.replace(/^https?:\/\/[^/]*/i, "");
}

/** Sorted by encoded name, then by encoded value, without X-Amz-Signature. */
function canonicalQuery(url: string): string {
  const pairs = queryParametersOf(url)
    .filter(({ name }) => name !== "X-Amz-Signature")
    .map(({ name, value }) => [percentEncode(name), percentEncode(value)] as const);
  pairs.sort(([name, value], [otherName, otherValue]) => compare(name, otherName) || compare(value, otherValue));
  return pairs.map(([name, value]) => `${name}=${value}`).join("&");
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/**
 * Folds each run of spaces and tabs to one space and removes it at both ends. Folding comes first: a regular expression for
 * a run at the end takes quadratic time. Not `trim()`, which removes the last byte of an "à".
 */
function foldSpaces(value: string): string {
  if (!/^[ \t]|[ \t]$|[ \t]{2}|\t/.test(value)) return value;
  const folded = value.replaceAll(/[ \t]+/g, " ");
  return folded.slice(folded.startsWith(" ") ? 1 : 0, folded.endsWith(" ") ? -1 : undefined);
}
