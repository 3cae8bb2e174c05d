import type { AccessControl } from "../../auth/access-control.ts";
import { type CallerDefaults, identifyCaller } from "../../auth/identify-caller.ts";
import { internalFailure } from "../../model/request-errors.ts";
import { ServiceError } from "../../model/service-error.ts";
import type { OperationName } from "../../model/shapes.generated.ts";
import { chargeCallRate } from "../../operations/charge-call-rate.ts";
import type { InputOf, Operation, OutputOf } from "../../operations/operation.ts";
import type { OperationContext } from "../../operations/operation-context.ts";
import { operations } from "../../operations/table.ts";
import type { Codec } from "../../protocol/codec/codec.ts";
import { eventStreamContentType } from "../../protocol/event-stream/subscribe-events.ts";
import { routeRequest } from "../../protocol/route-request.ts";
import { requestFailed, requestFinished } from "../../telemetry/diagnostic-events.ts";
import type { Clock } from "../../time/clock.ts";
import type { FaultInjector } from "../dev/fault-injector.ts";
import type { RequestHandler, WireRequest, WireResponse } from "../http/http-message.ts";
import { eventStreamBody } from "./event-stream-body.ts";

export interface Pipeline {
  /** Everything an operation may reach but the caller and its connection. */
  readonly services: Omit<OperationContext, "caller" | "connection">;
  readonly callerDefaults: CallerDefaults;
  /** Where there are credentials: every signature is verified and every request authorized. */
  readonly accessControl?: AccessControl;
  /** Only with `--dev`: may fail calls that have come this far, in the place of carrying them out. */
  readonly faultInjector?: FaultInjector;
}

/**
 * The way of every request: route, authenticate, decode (bind, then check constraints), authorize, admit, invoke, encode. The
 * order is the service's; docs/compatibility.md, "Order of checks".
 */
async function handleRequest(
  request: WireRequest,
  { services, callerDefaults, accessControl, faultInjector }: Pipeline,
): Promise<WireResponse> {
  const { clock } = services;
  const startedMs = clock.monotonicMs();
  const routed = routeRequest(request);
  if (routed.kind === "answer") {
    const headers: Record<string, string> =
      routed.contentType === undefined ? {} : { "Content-Type": routed.contentType };
    const response = { status: routed.status, headers, body: routed.body };
    return tell({ operation: "-", outcome: `http-${routed.status}`, request, response, startedMs, clock });
  }
  const { name, codec, parsed } = routed;
  let input: InputOf<OperationName> | undefined;
  try {
    const verifying = accessControl?.verify(request);
    const verified = verifying instanceof Promise ? await verifying : verifying;
    const caller = verified ?? identifyCaller(request.url, request.headers, callerDefaults);
    input = codec.decode(name, parsed);
    if (verified !== undefined) {
      accessControl?.authorize({ name, input, caller: verified, headers: request.headers, peer: request.peer });
    }
    const context = { ...services, caller, connection: request };
    chargeCallRate(name, input, context);
    const row = rowOf(name);
    const output = await (faultInjector === undefined
      ? row.handle(input, context)
      : faultInjector.invoke({ row, input, context }));
    const response = isEventStream(output)
      ? eventStream(output, codec)
      : answer(200, codec, codec.encode(name, output));
    releaseRecords(output);
    const recordCount = recordCountOf(name, output);
    return tell({ operation: name, outcome: "ok", request, response, recordCount, startedMs, clock });
  } catch (thrown) {
    const error = asServiceError(thrown, name);
    const response = answer(error.httpStatus, codec, codec.encodeError(error));
    return tell({ operation: name, outcome: error.type, request, response, startedMs, clock });
  } finally {
    codec.release(parsed, input);
  }
}

type Output = OutputOf<OperationName>;

function isEventStream(output: Output): output is OutputOf<"SubscribeToShard"> {
  return output !== undefined && "EventStream" in output;
}

function eventStream({ EventStream }: OutputOf<"SubscribeToShard">, codec: Codec): WireResponse {
  const body = eventStreamBody(codec, EventStream, (thrown) => asServiceError(thrown, "SubscribeToShard"));
  return { status: 200, headers: { "Content-Type": eventStreamContentType }, body };
}

function recordCountOf(name: OperationName, output: Output): number {
  if (name === "PutRecord") return 1;
  if (output === undefined || !("Records" in output)) return 0;
  const { count } = output.Records;
  return "FailedRecordCount" in output ? count - (output.FailedRecordCount ?? 0) : count;
}

/** The records of a page have been encoded, and nobody looks at them any more. */
function releaseRecords(output: Output): void {
  if (output !== undefined && "Records" in output && "runs" in output.Records) output.Records.release?.();
}

/** The pipeline for the sockets. */
export function requestHandler(pipeline: Pipeline): RequestHandler {
  return (request) => handleRequest(request, pipeline);
}

/** What became of a request, for the metrics. */
interface Handled {
  readonly operation: OperationName | "-";
  /** `ok`, or the type of the error. */
  readonly outcome: string;
  readonly request: WireRequest;
  readonly response: WireResponse;
  /** Records stored by a put, or handed out by a read. */
  readonly recordCount?: number;
  readonly startedMs: number;
  readonly clock: Clock;
}

/** Tells of it, and gives the answer on. */
function tell({ operation, outcome, request, response, recordCount = 0, startedMs, clock }: Handled): WireResponse {
  if (requestFinished.hasSubscribers) {
    requestFinished.publish({
      operation,
      outcome,
      durationMs: clock.monotonicMs() - startedMs,
      requestBytes: request.body.length,
      responseBytes: responseBytes(response.body),
      recordCount,
    });
  }
  return response;
}

/** The table binds each name to its own input and output; a name known only at run time cannot say so to the compiler. */
function rowOf(name: OperationName): Operation<OperationName> {
  return operations[name] as unknown as Operation<OperationName>;
}

function answer(status: number, codec: Codec, body: Uint8Array | string): WireResponse {
  return { status, headers: { "Content-Type": codec.contentType }, body };
}

/** What is not worded for the caller is ours or the engine's: the caller learns that it failed, the log learns why. */
function asServiceError(thrown: unknown, operation: OperationName): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  requestFailed.publish({ operation, error: thrown });
  return internalFailure();
}

function responseBytes(body: WireResponse["body"]): number {
  if (typeof body === "string") return Buffer.byteLength(body);
  return body instanceof Uint8Array ? body.length : 0;
}
