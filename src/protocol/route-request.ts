import type { IncomingHttpHeaders } from "node:http";
import { ServiceError } from "../model/service-error.ts";
import { type OperationName, operationNames } from "../model/shapes.generated.ts";
import { cborCodec } from "./cbor/cbor-codec.ts";
import type { Codec, ParsedBody } from "./codec/codec.ts";
import { jsonCodec } from "./json/json-codec.ts";

const SERVICE = "Kinesis_20131202";
/** Understood far enough to be refused in its own form. */
const PLAIN_JSON_CONTENT_TYPE = "application/json";

const codecs: ReadonlyMap<string, Codec> = new Map([jsonCodec, cborCodec].map((codec) => [codec.contentType, codec]));

/** What routing looks at. The path is not part of it: AWS ignores it too. */
export interface RoutableRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** Either a known operation with its parsed body, which the caller disposes of, or the response that ends the request here. */
export type Route = RoutedOperation | RoutedResponse;

export interface RoutedOperation {
  readonly kind: "operation";
  readonly name: OperationName;
  readonly codec: Codec;
  readonly parsed: ParsedBody<OperationName>;
}

export interface RoutedResponse {
  readonly kind: "response";
  readonly status: number;
  /** Absent from the XML responses, as on AWS. */
  readonly contentType?: string;
  readonly body: Uint8Array | string;
}

/** What the head of a request says of a body that is too large to be looked at yet. */
export type HeadRoute = RoutedHead | RoutedResponse;

export interface RoutedHead {
  readonly kind: "head";
  /** Absent where the target is unknown, which a response says only after authentication and parsing. */
  readonly name?: OperationName;
  readonly codec: Codec;
}

/**
 * As `routeRequest()`, without the body, which is not empty: refuses what is refused whatever the body holds. A body of
 * plain JSON is taken for one that parses.
 */
export function routeHead({ method, headers }: Pick<RoutableRequest, "method" | "headers">): HeadRoute {
  if (method !== "POST") return unauthorizable();
  const contentType = contentTypeOf(headers);
  if (contentType === PLAIN_JSON_CONTENT_TYPE) return plainJsonRefusal({ parses: true });
  const codec = codecs.get(contentType);
  const { complete, operation } = targetOf(headers);
  if (codec === undefined) return complete ? unknownContentType() : unauthorizable();
  return { kind: "head", codec, ...(operation === undefined ? {} : { name: operation }) };
}

/** Which operation a request names, in which format; refusals come in the order in which AWS checks. */
export function routeRequest(request: RoutableRequest): Route {
  if (request.method !== "POST") return unauthorizable();
  const contentType = contentTypeOf(request.headers);
  const target = targetOf(request.headers);
  if (request.body.length === 0) return emptyBody(contentType, target);
  if (contentType === PLAIN_JSON_CONTENT_TYPE) return plainJson(request.body);
  const codec = codecs.get(contentType);
  if (codec === undefined) return target.complete ? unknownContentType() : unauthorizable();
  return routeParsed(request.body, codec, target);
}

function routeParsed(body: Uint8Array, codec: Codec, target: Target): Route {
  try {
    const { operation: name } = target;
    if (name !== undefined) return { kind: "operation", name, codec, parsed: codec.parse(body, name) };
    codec.checkSyntax(body);
    return refusal(400, codec.encodeError({ type: "UnknownOperationException" }), codec.contentType);
  } catch (error) {
    if (error instanceof ServiceError) return refusal(error.httpStatus, codec.encodeError(error), codec.contentType);
    throw error;
  }
}

interface Target {
  /** Whether both a service and an operation are named, known or not. */
  readonly complete: boolean;
  readonly operation?: OperationName;
}

/** The operations by the whole header. */
const targets: ReadonlyMap<string, Target> = new Map(
  operationNames.map((operation) => [`${SERVICE}.${operation}`, { complete: true, operation }]),
);

function targetOf(headers: IncomingHttpHeaders): Target {
  const header = String(headers["x-amz-target"] ?? "");
  const known = targets.get(header);
  if (known !== undefined) return known;
  // What follows a second dot is ignored.
  const [service = "", operation = ""] = header.split(".");
  return targets.get(`${service}.${operation}`) ?? { complete: service !== "" && operation !== "" };
}

/** Without parameters such as a charset. */
function contentTypeOf(headers: IncomingHttpHeaders): string {
  const header = headers["content-type"] ?? "";
  if (codecs.has(header)) return header;
  const [mediaType = ""] = header.split(";");
  return mediaType.trim();
}

/** Anything but JSON 1.1 gets a response in CBOR here, even a request without a content type. */
function emptyBody(contentType: string, target: Target): RoutedResponse {
  const codec = contentType === jsonCodec.contentType ? jsonCodec : cborCodec;
  const type = target.operation === undefined ? "UnknownOperationException" : "SerializationException";
  return refusal(400, codec.encodeError({ type }), codec.contentType);
}

/** Never works; the two refusals say whether it was JSON at all. */
function plainJson(body: Uint8Array): RoutedResponse {
  let parses = true;
  try {
    jsonCodec.checkSyntax(body);
  } catch {
    parses = false;
  }
  return plainJsonRefusal({ parses });
}

function plainJsonRefusal({ parses }: { readonly parses: boolean }): RoutedResponse {
  const type = parses ? "UnknownOperationException" : "SerializationException";
  const text = JSON.stringify({ Output: { __type: `com.amazon.coral.service#${type}` }, Version: "1.0" });
  return refusal(parses ? 404 : 400, text, PLAIN_JSON_CONTENT_TYPE);
}

/** No service and operation that a caller could be allowed to use. */
function unauthorizable(): RoutedResponse {
  const message = "Unable to determine service/operation name to be authorized";
  return refusal(403, `<AccessDeniedException>\n  <Message>${message}</Message>\n</AccessDeniedException>\n`);
}

function unknownContentType(): RoutedResponse {
  return refusal(404, "<UnknownOperationException/>\n");
}

function refusal(status: number, body: Uint8Array | string, contentType?: string): RoutedResponse {
  return { kind: "response", status, body, ...(contentType === undefined ? {} : { contentType }) };
}
