// Hot path.
import { type AuthenticationRules, authenticate } from "../auth/authenticate.ts";
import { internalFailure } from "../model/request-errors.ts";
import { ServiceError } from "../model/service-error.ts";
import type { OperationName } from "../model/shapes.generated.ts";
import { admitCall } from "../operations/admit-call.ts";
import type { Operation } from "../operations/operation.ts";
import type { OperationContext } from "../operations/operation-context.ts";
import { operations } from "../operations/table.ts";
import type { Codec } from "../protocol/codec.ts";
import { route } from "../protocol/target.ts";
import { requestFailed, requestFinished } from "../telemetry/channels.ts";
import type { RequestHandler, WireRequest, WireResponse } from "./exchange.ts";

export interface Pipeline {
  /** Everything an operation may reach but the caller, who is found out per request. */
  readonly house: Omit<OperationContext, "caller" | "connection">;
  readonly authentication: AuthenticationRules;
}

/** What became of a request, for the metrics. */
interface Handled {
  readonly operation: OperationName | "-";
  /** `ok`, or the type of the error. */
  readonly outcome: string;
  readonly response: WireResponse;
}

/**
 * The way of every request: route, authenticate, decode (bind, then check constraints), admit, invoke, encode. The order is the
 * service's; docs/compatibility.md, "Order of checks".
 */
async function handleRequest(request: WireRequest, { house, authentication }: Pipeline): Promise<Handled> {
  const routed = route(request);
  if (routed.kind === "answer") {
    const headers: Record<string, string> = routed.contentType === undefined ? {} : { "Content-Type": routed.contentType };
    return { operation: "-", outcome: `http-${routed.status}`, response: { status: routed.status, headers, body: routed.body } };
  }
  const { name, codec, parsed } = routed;
  try {
    const caller = authenticate(request.url, request.headers, authentication);
    const input = codec.decode(name, parsed);
    const context = { ...house, caller, connection: request };
    admitCall(name, input, context);
    const output = await rowOf(name).handle(input, context);
    return { operation: name, outcome: "ok", response: answer(200, codec, codec.encode(name, output)) };
  } catch (thrown) {
    const error = asServiceError(thrown, name);
    return { operation: name, outcome: error.type, response: answer(error.httpStatus, codec, codec.encodeError(error)) };
  }
}

/** The pipeline with its telemetry. */
export function requestHandler(pipeline: Pipeline): RequestHandler {
  const { clock } = pipeline.house;
  return async (request) => {
    const startedMs = clock.monotonicMs();
    const { operation, outcome, response } = await handleRequest(request, pipeline);
    if (requestFinished.hasSubscribers) {
      requestFinished.publish({
        operation,
        outcome,
        durationMs: clock.monotonicMs() - startedMs,
        requestBytes: request.body.length,
        responseBytes: responseBytes(response.body),
      });
    }
    return response;
  };
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
