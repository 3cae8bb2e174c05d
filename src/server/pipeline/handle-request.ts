import type { IncomingHttpHeaders } from "node:http";
import type { AccessControl } from "../../auth/access-control.ts";
import { type CallerDefaults, claimedCaller } from "../../auth/claimed-caller.ts";
import type { VerifiedCaller } from "../../auth/verify-signature.ts";
import { EngineError } from "../../engine/engine-error.ts";
import { internalFailure, storageLimitExceeded } from "../../model/request-errors.ts";
import { ServiceError } from "../../model/service-error.ts";
import type { OperationName } from "../../model/shapes.generated.ts";
import type { Caller } from "../../operations/caller.ts";
import { chargeCallRate } from "../../operations/charge-call-rate.ts";
import type { Operation } from "../../operations/operation.ts";
import type { OperationContext } from "../../operations/operation-context.ts";
import { operations } from "../../operations/table.ts";
import type { Codec, EncodedBody } from "../../protocol/codec/codec.ts";
import { eventStreamContentType } from "../../protocol/event-stream/subscribe-events.ts";
import { isPut } from "../../protocol/records/parsed-put.ts";
import {
  type RoutedHead,
  type RoutedOperation,
  type RoutedResponse,
  routeHead,
  routeRequest,
} from "../../protocol/route-request.ts";
import type { InputOf, OutputOf } from "../../records/operation-io.ts";
import { requestFailed, requestFinished } from "../../telemetry/diagnostic-events.ts";
import type { FaultInjector } from "../dev/fault-injector.ts";
import {
  type BodyAdmission,
  type BodyAdmitter,
  bodyLength,
  type RequestHandler,
  type RequestHead,
  type WireRequest,
  type WireResponse,
} from "../http/http-message.ts";
import { defaultServerLimits, largeResponseBytesMin, plainBodyBytesMax } from "../http/server-limits.ts";
import { eventStreamBody } from "./event-stream-body.ts";
import { invokeAmongGateways } from "./invoke-among-gateways.ts";

export interface PipelineServices {
  /** Everything an operation may reach but the caller and its connection. */
  readonly services: Omit<OperationContext, "caller" | "connection">;
  readonly callerDefaults: CallerDefaults;
  /** Where there are credentials: every signature is verified and every request authorized. */
  readonly accessControl?: AccessControl;
  /** Only with `--dev`: may fail calls that have come this far, instead of carrying them out. */
  readonly faultInjector?: FaultInjector;
}

/** The pipeline for the sockets. */
export function createRequestHandler(pipeline: PipelineServices): RequestHandler {
  return (request) => handleRequest(request, pipeline);
}

/**
 * Decides by the head of a request of the API what is read of its body: nothing unless a signature is complete, timely and
 * of a known key; more than `plainBodyBytesMax` only of puts.
 */
export function bodyAdmitter(pipeline: PipelineServices): BodyAdmitter {
  return (head) => admitBody(head, pipeline);
}

function admitBody(head: RequestHead, { accessControl, callerDefaults }: PipelineServices): BodyAdmission {
  const routed = routeHead(head);
  const { headers } = head;
  if (routed.kind === "response") return refused(refusal(routed), headers);
  const { name } = routed;
  try {
    if (accessControl === undefined) claimedCaller(head.url, headers, callerDefaults);
    else accessControl.checkClaim(head);
  } catch (thrown) {
    return refused(failure(thrown, routed, headers), headers);
  }
  return { bytesMax: name !== undefined && isPut(name) ? Number.POSITIVE_INFINITY : plainBodyBytesMax };
}

function refused(
  { response, operation, outcome, recordCount }: Outcome,
  { traceparent }: IncomingHttpHeaders,
): BodyAdmission {
  if (requestFinished.hasSubscribers) {
    const responseBytes = bodyLength(response.body) ?? 0;
    const bytes = { requestBytes: 0, responseBytes };
    requestFinished.publish({ operation, outcome, durationMs: 0, ...bytes, recordCount, traceparent });
  }
  return { response };
}

/** What a request came to, for the client and for the metrics. */
interface Outcome {
  readonly response: WireResponse;
  readonly operation: OperationName | "-";
  /** `ok`, or the type of the error. */
  readonly outcome: string;
  /** Records stored by a put, or returned by a read. */
  readonly recordCount: number;
}

async function handleRequest(request: WireRequest, pipeline: PipelineServices): Promise<WireResponse> {
  const { clock } = pipeline.services;
  const startedMs = clock.monotonicMs();
  const isLarge = request.body.length > defaultServerLimits.smallBodyBytesMax;
  const done = isLarge ? await handleLarge(request, pipeline) : await handleRouted(request, pipeline);
  const { response, operation, outcome, recordCount } = done;
  if (requestFinished.hasSubscribers) {
    requestFinished.publish({
      operation,
      outcome,
      durationMs: clock.monotonicMs() - startedMs,
      requestBytes: request.body.length,
      responseBytes: bodyLength(response.body) ?? 0,
      recordCount,
      traceparent: request.headers["traceparent"],
    });
  }
  return response;
}

/** Authenticates a request before its body is parsed. */
async function handleLarge(request: WireRequest, pipeline: PipelineServices): Promise<Outcome> {
  const routed = routeHead(request);
  if (routed.kind === "response") return refusal(routed);
  let caller: RequestCaller;
  try {
    caller = await authenticate(request, pipeline);
  } catch (thrown) {
    return failure(thrown, routed, request.headers);
  }
  return handleRouted(request, pipeline, caller);
}

function handleRouted(
  request: WireRequest,
  pipeline: PipelineServices,
  caller?: RequestCaller,
): Outcome | Promise<Outcome> {
  const routed = routeRequest(request);
  return routed.kind === "response" ? refusal(routed) : handleOperation(request, routed, { pipeline, caller });
}

/** Verified where there are credentials. */
type RequestCaller = Caller | VerifiedCaller;

function isVerified(caller: RequestCaller): caller is VerifiedCaller {
  return caller.isVerified === true;
}

function authenticate(
  request: WireRequest,
  { accessControl, callerDefaults }: PipelineServices,
): RequestCaller | Promise<VerifiedCaller> {
  return accessControl?.verify(request) ?? claimedCaller(request.url, request.headers, callerDefaults);
}

function refusal({ status, contentType, body }: RoutedResponse): Outcome {
  const headers: Record<string, string> = contentType === undefined ? {} : { "Content-Type": contentType };
  return { response: { status, headers, body }, operation: "-", outcome: `http-${status}`, recordCount: 0 };
}

/**
 * Authenticates, binds and validates, authorizes, admits, invokes and encodes, in the order of the service; see
 * docs/compatibility.md, "Order of checks".
 */
async function handleOperation(
  request: WireRequest,
  { name, codec, parsed }: RoutedOperation,
  { pipeline, caller: known }: { readonly pipeline: PipelineServices; readonly caller: RequestCaller | undefined },
): Promise<Outcome> {
  try {
    const { services, accessControl, faultInjector } = pipeline;
    const authenticated = known ?? authenticate(request, pipeline);
    const caller = authenticated instanceof Promise ? await authenticated : authenticated;
    const input = parsed.bind();
    if (isVerified(caller)) {
      accessControl?.authorize({ name, input, caller, headers: request.headers, peer: request.peer });
    }
    const context = { ...services, caller, connection: request };
    chargeCallRate(name, input, context);
    const call = { name, input, context };
    if (name in listItemsMax) await admitList(name, input, request);
    const output = await (faultInjector === undefined ? invoke(call) : faultInjector.invoke(call, invoke));
    const response = isEventStream(output)
      ? eventStream(output, codec, request)
      : responseOf(200, codec, codec.encode(name, output));
    const length = bodyLength(response.body) ?? 0;
    if (length >= largeResponseBytesMin) request.countMade?.(length);
    return { response, operation: name, outcome: "ok", recordCount: recordCountOf(name, output) };
  } catch (thrown) {
    return isOfLeavingClient(thrown, request) ? withoutClient(name) : failure(thrown, { name, codec }, request.headers);
  } finally {
    parsed[Symbol.dispose]();
  }
}

/** The operation is absent where the target names none. */
function failure(
  thrown: unknown,
  { name, codec }: Pick<RoutedHead, "name" | "codec">,
  headers: IncomingHttpHeaders,
): Outcome {
  const operation = name ?? "-";
  const error = toServiceError(thrown, operation, headers);
  const response = responseOf(error.httpStatus, codec, codec.encodeError(error));
  return { response, operation, outcome: error.type, recordCount: 0 };
}

/** Operations that return a list, with the length that it has where the input does not say one. */
const listItemsMax: { readonly [Name in OperationName]?: number } = {
  ...{ DescribeStream: 100, ListShards: 1_000, ListStreams: 100, ListStreamConsumers: 100 },
};
/** A longer list waits for its turn to be made. */
const shortListItemsMax = 1_000;
/** What making the description of a shard, stream or consumer may take. */
const listItemBytes = 400;

/** A list may be as long as its input says; how long it is turns out when it is made. */
async function admitList(name: OperationName, input: object, request: WireRequest): Promise<void> {
  const asked = "MaxResults" in input ? input.MaxResults : "Limit" in input ? input.Limit : undefined;
  const items = typeof asked === "number" ? asked : (listItemsMax[name] ?? 0);
  const bytes = items * listItemBytes;
  await (items > shortListItemsMax ? request.admitLarge?.(bytes) : request.admitResponse?.(bytes));
}

function isOfLeavingClient(thrown: unknown, { signal }: WireRequest): boolean {
  return signal.aborted && thrown === signal.reason;
}

/** For a client that went away before its request was carried out. */
function withoutClient(operation: OperationName): Outcome {
  return { response: { status: 503, headers: {}, body: "" }, operation, outcome: "client-gone", recordCount: 0 };
}

/** By name, each with its own input and output. */
const handlers: { readonly [Name in OperationName]: Operation<Name> } = operations;

function invoke<Name extends OperationName>(call: {
  readonly name: Name;
  readonly input: InputOf<Name>;
  readonly context: OperationContext;
}): Promise<OutputOf<Name>> {
  const { name, input, context } = call;
  if (!context.registry.isShared) return handlers[name].handle(input, context);
  return invokeAmongGateways(name, context.registry, () => handlers[name].handle(input, context));
}

type Output = OutputOf<OperationName>;

function isEventStream(output: Output): output is OutputOf<"SubscribeToShard"> {
  return output !== undefined && "EventStream" in output;
}

function eventStream({ EventStream }: OutputOf<"SubscribeToShard">, codec: Codec, request: WireRequest): WireResponse {
  const toError = (thrown: unknown) => toServiceError(thrown, "SubscribeToShard", request.headers);
  const body = eventStreamBody(codec, EventStream, request, toError);
  return { status: 200, headers: { "Content-Type": eventStreamContentType }, body };
}

function recordCountOf(name: OperationName, output: Output): number {
  if (name === "PutRecord") return 1;
  if (output === undefined) return 0;
  if ("QueueRecords" in output) return output.QueueRecords.records.count;
  if (!("Records" in output)) return 0;
  const { count } = output.Records;
  return "FailedRecordCount" in output ? count - (output.FailedRecordCount ?? 0) : count;
}

function responseOf(status: number, codec: Codec, body: EncodedBody): WireResponse {
  return { status, headers: { "Content-Type": codec.contentType }, body };
}

/**
 * An error that is not of the service's is the server's or the engine's own: the log gets it, the client an InternalFailure.
 * A full disk or budget is a throttle with the reason, which metrics and log report as such.
 */
function toServiceError(
  thrown: unknown,
  operation: OperationName | "-",
  { traceparent }: IncomingHttpHeaders,
): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  if (thrown instanceof EngineError && thrown.kind === "throttled") return storageLimitExceeded(thrown.message);
  requestFailed.publish({ operation, error: thrown, traceparent });
  const isOfDisk = thrown instanceof EngineError && (thrown.kind === "unavailable" || thrown.kind === "indeterminate");
  return internalFailure(isOfDisk ? thrown.message : "");
}
