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

/** Longest canonical request, in bytes: all headers and the path, each byte of the path encoded twice, take less. */
const canonicalBytesMax = 256 * 1024;

/**
 * The canonical request of Signature Version 4, one byte per character; IAM User Guide, "Create a signed AWS API request".
 * Undefined when a header is named as signed that the request does not have, or is named twice, and when the result is
 * longer than `canonicalBytesMax`.
 */
export function canonicalRequest(
  { method, url, headers, payloadHash }: RequestToSign,
  signedHeaders: string,
): string | undefined {
  const names = signedHeaders.split(";");
  let canonicalHeaders = "";
  for (const [index, name] of names.entries()) {
    // A repeated name would add its value again: the result could be as long as the square of the request.
    if (names.indexOf(name) !== index) return undefined;
    const value = headers[name];
    // A repeated header comes joined already, except for the few that node leaves apart.
    const text = Array.isArray(value) ? value.join(",") : value;
    if (typeof text !== "string") return undefined;
    canonicalHeaders += `${name}:${foldSpaces(text)}\n`;
  }
  const canonical = `${method}\n${canonicalPath(url)}\n${canonicalQuery(url)}\n${canonicalHeaders}\n${signedHeaders}\n${payloadHash}`;
  return canonical.length > canonicalBytesMax ? undefined : canonical;
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

/**
 * Each run of spaces and tabs becomes one space, and none at either end. Runs are folded before the ends are cut: a pattern
 * that looks for a run up to the end takes the square of its length. Not `trim()`, which takes the last byte of an "à" for a
 * space.
 */
function foldSpaces(value: string): string {
  if (!/^[ \t]|[ \t]$|[ \t]{2}|\t/.test(value)) return value;
  const folded = value.replaceAll(/[ \t]+/g, " ");
  return folded.slice(folded.startsWith(" ") ? 1 : 0, folded.endsWith(" ") ? -1 : undefined);
}
