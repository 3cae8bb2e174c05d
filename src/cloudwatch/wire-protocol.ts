import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { parseUntrustedJson } from "../model/parse-untrusted-json.ts";
import { wellFormedCbor } from "../protocol/cbor/parse-cbor-body.ts";
import { readCborValue, writeCborValue } from "./cbor-values.ts";
import { CloudWatchError } from "./cloudwatch-error.ts";
import { parseQueryForm, xmlNamespace, xmlOf } from "./query-protocol.ts";

/** The name of the service in X-Amz-Target and in paths. */
const serviceName = "GraniteServiceVersion20100801";
const rpcPath = new RegExp(`^/service/${serviceName}/operation/([A-Za-z]+)$`);
const formType = "application/x-www-form-urlencoded";
const jsonType = "application/x-amz-json-1.0";
const cborType = "application/cbor";
/** In the credential scope of a signature; with forms it alone tells what service is meant. */
const signedScope = "/monitoring/aws4_request";

/** What separates members and items of a request in JSON; the largest calls of SDKs have half of it. To read more takes long. */
const separators: ReadonlySet<number> = new Set(Buffer.from("{[:,", "latin1"));
const separatorsMax = 150_000;

/** The protocols of the SDKs: awsQuery, awsJson1_0, rpcv2Cbor. */
export type WireProtocol = "query" | "json" | "cbor";

interface RequestHead {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** The protocol of a request to CloudWatch; undefined for one to Kinesis, which has none of the three. */
export function cloudWatchProtocol({ method, url, headers }: RequestHead): WireProtocol | undefined {
  const contentType = headers["content-type"] ?? "";
  // Both of Kinesis's: JSON 1.1 and CBOR 1.1.
  if (method !== "POST" || contentType.endsWith("-1.1")) return undefined;
  const [mediaType = ""] = contentType.split(";");
  if (mediaType === jsonType) return targetOf(headers) === undefined ? undefined : "json";
  if (mediaType === formType) return headers.authorization?.includes(signedScope) === true ? "query" : undefined;
  return rpcPath.test(url) ? "cbor" : undefined;
}

export interface CloudWatchRequest {
  /** The name of an operation, known or not. */
  readonly operation: string;
  readonly input: unknown;
}

/** Throws a CloudWatchError for a body that cannot be parsed. */
export function parseCloudWatchRequest(
  protocol: WireProtocol,
  { url, headers }: RequestHead,
  body: Buffer,
): CloudWatchRequest {
  switch (protocol) {
    case "query": {
      const form = parseQueryForm(body.toString("utf8"));
      return { operation: String(form["Action"] ?? ""), input: form };
    }
    case "json":
      return { operation: targetOf(headers) ?? "", input: body.length === 0 ? {} : parsedJson(body) };
    case "cbor":
      return { operation: rpcPath.exec(url)?.[1] ?? "", input: body.length === 0 ? {} : parsedCbor(body) };
  }
}

function targetOf(headers: IncomingHttpHeaders): string | undefined {
  const [service, operation] = String(headers["x-amz-target"] ?? "").split(".");
  return service === serviceName ? operation : undefined;
}

function parsedJson(body: Buffer): unknown {
  let count = 0;
  for (const byte of body) if (separators.has(byte)) count += 1;
  if (count > separatorsMax) throw malformed();
  try {
    return parseUntrustedJson(body.toString("utf8"));
  } catch {
    throw malformed();
  }
}

function parsedCbor(body: Buffer): unknown {
  try {
    return readCborValue(wellFormedCbor(body));
  } catch {
    throw malformed();
  }
}

function malformed(): CloudWatchError {
  return new CloudWatchError("MalformedInput", "The body of the request cannot be parsed.");
}

export interface EncodedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** `output` is absent for an operation that returns nothing. Times in it are of the class Date. */
export function encodeOutput(protocol: WireProtocol, operation: string, output: object | undefined): EncodedResponse {
  switch (protocol) {
    case "query": {
      const result = output === undefined ? "" : `<${operation}Result>${xmlOf(output)}</${operation}Result>`;
      const metadata = xmlOf({ ResponseMetadata: { RequestId: randomUUID() } });
      return xml(200, `<${operation}Response xmlns="${xmlNamespace}">${result}${metadata}</${operation}Response>`);
    }
    case "json":
      return json(200, output ?? {});
    case "cbor":
      return cbor(200, output ?? {});
  }
}

export interface WireError {
  /** In the Query protocol. */
  readonly code: string;
  /** In the other protocols. */
  readonly shape: string;
  readonly message: string;
  readonly httpStatus: number;
}

/** Clients that knew the service by the Query protocol find its code in a header of the other protocols. */
export function encodeError(protocol: WireProtocol, { code, shape, message, httpStatus }: WireError): EncodedResponse {
  const type = httpStatus < 500 ? "Sender" : "Receiver";
  if (protocol === "query") {
    const error = xmlOf({ Error: { Type: type, Code: code, Message: message }, RequestId: randomUUID() });
    return xml(httpStatus, `<ErrorResponse xmlns="${xmlNamespace}">${error}</ErrorResponse>`);
  }
  const members = { __type: `com.amazonaws.cloudwatch#${shape}`, message };
  const response = (protocol === "json" ? json : cbor)(httpStatus, members);
  return { ...response, headers: { ...response.headers, "x-amzn-query-error": `${code};${type}` } };
}

function xml(status: number, body: string): EncodedResponse {
  return { status, headers: { "Content-Type": "text/xml" }, body };
}

function json(status: number, value: object): EncodedResponse {
  return { status, headers: { "Content-Type": jsonType }, body: JSON.stringify(withSeconds(value)) };
}

/** Times as seconds since the epoch. */
function withSeconds(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1_000;
  if (Array.isArray(value)) return value.map(withSeconds);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withSeconds(member)]));
}

function cbor(status: number, value: object): EncodedResponse {
  const headers = { "Content-Type": cborType, "smithy-protocol": "rpc-v2-cbor" };
  return { status, headers, body: writeCborValue(value) };
}
