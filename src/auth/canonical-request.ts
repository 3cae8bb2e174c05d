import type { IncomingHttpHeaders } from "node:http";
import { percentEncode, queryParametersOf } from "./query-parameters.ts";

/** What a signature of version 4 covers. */
export interface RequestToSign {
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  /** Lower-case names; each character of a value stands for one byte. */
  readonly headers: IncomingHttpHeaders;
  /** The body's SHA-256 in hexadecimal. */
  readonly payloadHash: string;
}

/**
 * The canonical request of Signature Version 4, one byte per character; IAM User Guide, "Create a signed AWS API request".
 * Undefined when a header is said to be signed that the request does not have.
 */
export function canonicalRequest(
  { method, url, headers, payloadHash }: RequestToSign,
  signedHeaders: string,
): string | undefined {
  let canonicalHeaders = "";
  for (const name of signedHeaders.split(";")) {
    const value = headers[name];
    // A repeated header comes joined already, except for the few that node leaves apart.
    const text = Array.isArray(value) ? value.join(",") : value;
    if (typeof text !== "string") return undefined;
    canonicalHeaders += `${name}:${foldSpaces(text)}\n`;
  }
  return `${method}\n${canonicalPath(url)}\n${canonicalQuery(url)}\n${canonicalHeaders}\n${signedHeaders}\n${payloadHash}`;
}

/** As clients of every service but S3 do it: without empty and dot segments, and encoded once more than it was sent. */
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

/** A client that takes this server for a proxy names the host before the path. */
function pathOf(url: string): string {
  const end = url.indexOf("?");
  const beforeQuery = end < 0 ? url : url.slice(0, end);
  return beforeQuery.startsWith("/") ? beforeQuery : beforeQuery.replace(/^https?:\/\/[^/]*/i, "");
}

/** By name, then by value, both encoded; without the signature, which cannot cover itself. */
function canonicalQuery(url: string): string {
  const pairs = queryParametersOf(url)
    .filter(({ name }) => name !== "X-Amz-Signature")
    .map(({ name, value }) => [percentEncode(name), percentEncode(value)] as const);
  pairs.sort(([name, value], [otherName, otherValue]) => order(name, otherName) || order(value, otherValue));
  return pairs.map(([name, value]) => `${name}=${value}`).join("&");
}

function order(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** Not `trim()`, which takes the last byte of an "à" for a space. */
function foldSpaces(value: string): string {
  if (!/^[ \t]|[ \t]$|[ \t]{2}|\t/.test(value)) return value;
  return value.replaceAll(/^[ \t]+|[ \t]+$/g, "").replaceAll(/[ \t]+/g, " ");
}
