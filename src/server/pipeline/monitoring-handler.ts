import type { IncomingHttpHeaders } from "node:http";
import type { AccessControl } from "../../auth/access-control.ts";
import { type CallerDefaults, claimedCaller } from "../../auth/claimed-caller.ts";
import type { VerifiedCaller } from "../../auth/verify-signature.ts";
import { CloudWatchError } from "../../cloudwatch/cloudwatch-error.ts";
import type { MetricReader } from "../../cloudwatch/metric-reader.ts";
import {
  type CloudWatchRequest,
  cloudWatchProtocol,
  encodeError,
  encodeOutput,
  parseCloudWatchRequest,
  type WireError,
} from "../../cloudwatch/wire-protocol.ts";
import { EngineError } from "../../engine/engine-error.ts";
import { ServiceError } from "../../model/service-error.ts";
import type { Caller } from "../../operations/caller.ts";
import { type RequestFinished, requestFailed, requestFinished } from "../../telemetry/diagnostic-events.ts";
import type { Clock } from "../../time/clock.ts";
import { TickTurns } from "../../time/tick-turns.ts";
import {
  type BodyAdmitter,
  bodyLength,
  type RequestHandler,
  type WireRequest,
  type WireResponse,
} from "../http/http-message.ts";
import { plainBodyBytesMax } from "../http/server-limits.ts";

export interface MonitoringServices {
  readonly reader: MetricReader;
  readonly callerDefaults: CallerDefaults;
  /** Where there are credentials: every signature is verified and every request authorized. */
  readonly accessControl?: AccessControl | undefined;
  /** Not moved by `--dev`: the times of samples are those of clients. */
  readonly clock: Clock;
}

/** The part of CloudWatch that reads metrics of Kinesis: docs/metrics.md. */
export function monitoringHandler(services: MonitoringServices): RequestHandler {
  const turns = new TickTurns();
  return async (request) => {
    const startedMs = services.clock.monotonicMs();
    const done = await handle(request, services, turns);
    const durationMs = services.clock.monotonicMs() - startedMs;
    publishFinished(done, { durationMs, requestBytes: request.body.length }, request.headers);
    return done.response;
  };
}

function publishFinished(
  { response, operation, outcome }: Outcome,
  figures: Pick<RequestFinished, "durationMs" | "requestBytes">,
  { traceparent }: IncomingHttpHeaders,
): void {
  if (!requestFinished.hasSubscribers) return;
  const responseBytes = bodyLength(response.body) ?? 0;
  requestFinished.publish({ operation, outcome, ...figures, responseBytes, traceparent });
}

/** Refuses by its head a request whose signature cannot be right, so that nothing of its body is read. */
export function monitoringBodyAdmitter({ accessControl, callerDefaults }: MonitoringServices): BodyAdmitter {
  return (head) => {
    try {
      if (accessControl === undefined) claimedCaller(head.url, head.headers, callerDefaults);
      else accessControl.monitoring.checkClaim(head);
      return { bytesMax: plainBodyBytesMax };
    } catch (thrown) {
      const refused = failure(thrown, "-", head);
      publishFinished(refused, { durationMs: 0, requestBytes: 0 }, head.headers);
      return { response: refused.response };
    }
  };
}

interface Outcome {
  readonly response: WireResponse;
  /** `-` for one that this server does not have. */
  readonly operation: string;
  readonly outcome: string;
}

async function handle(request: WireRequest, services: MonitoringServices, turns: TickTurns): Promise<Outcome> {
  const protocol = cloudWatchProtocol(request) ?? "query";
  let operation = "-";
  try {
    const caller = await callerOf(request, services);
    const { cloudWatchOperation, decompressed } = await loaded();
    const body = await decompressed(request.body, request.headers["content-encoding"]);
    // To parse a body of the largest length takes some tens of milliseconds.
    await turns.next();
    const call = parseCloudWatchRequest(protocol, request, body);
    const carryOut = cloudWatchOperation(call.operation);
    if (carryOut === undefined) throw unknownOperation(call.operation);
    operation = call.operation;
    authorize(call, caller, request, services);
    const { reader, clock } = services;
    const output = await carryOut(call.input, { owner: caller, reader, nowMs: clock.nowMs() });
    return { response: encodeOutput(protocol, operation, output), operation, outcome: "ok" };
  } catch (thrown) {
    return failure(thrown, operation, request);
  }
}

function failure(thrown: unknown, operation: string, head: Parameters<BodyAdmitter>[0]): Outcome {
  const error = wireErrorOf(thrown, operation, head.headers);
  const response = encodeError(cloudWatchProtocol(head) ?? "query", error);
  return { response, operation, outcome: error.shape };
}

/** Loaded with the first request: most servers get none. */
async function loaded() {
  const { cloudWatchOperation } = await import("../../cloudwatch/cloudwatch-operations.ts");
  const { decompressed } = await import("../../cloudwatch/decompress-body.ts");
  return { cloudWatchOperation, decompressed };
}

async function callerOf(
  request: WireRequest,
  { accessControl, callerDefaults }: MonitoringServices,
): Promise<Caller | VerifiedCaller> {
  if (accessControl !== undefined) return await accessControl.monitoring.verify(request);
  return claimedCaller(request.url, request.headers, callerDefaults);
}

function authorize(
  { operation, input }: CloudWatchRequest,
  caller: Caller | VerifiedCaller,
  { headers, peer }: WireRequest,
  { accessControl }: MonitoringServices,
): void {
  if (accessControl === undefined || !isVerified(caller)) return;
  const members = typeof input === "object" && input !== null ? input : {};
  accessControl.monitoring.authorize({ operation, input: members, caller, headers, peer });
}

function isVerified(caller: Caller | VerifiedCaller): caller is VerifiedCaller {
  return caller.isVerified === true;
}

function unknownOperation(name: string): CloudWatchError {
  return new CloudWatchError(
    "InvalidAction",
    `Could not find operation ${name.slice(0, 100)} for version 2010-08-01. This server has GetMetricData, GetMetricStatistics, ListMetrics and PutMetricData.`,
  );
}

/** Codes of the Query protocol for refusals that all services share, and their status there. */
const sharedCodes: Readonly<Record<string, readonly [code: string, httpStatus: number]>> = {
  AccessDeniedException: ["AccessDenied", 403],
  ExpiredTokenException: ["ExpiredToken", 403],
  IncompleteSignatureException: ["IncompleteSignature", 400],
  InvalidSignatureException: ["SignatureDoesNotMatch", 403],
  MissingAuthenticationTokenException: ["MissingAuthenticationToken", 403],
  UnrecognizedClientException: ["InvalidClientTokenId", 403],
};

function wireErrorOf(thrown: unknown, operation: string, { traceparent }: IncomingHttpHeaders): WireError {
  if (thrown instanceof CloudWatchError) return thrown;
  const shared = thrown instanceof ServiceError ? sharedCodes[thrown.type] : undefined;
  if (thrown instanceof ServiceError && shared !== undefined) {
    const [code, httpStatus] = shared;
    return { code, httpStatus, shape: thrown.type, message: thrown.message };
  }
  // Another gateway did not answer: its share of a sum is not known.
  if (thrown instanceof EngineError) return new CloudWatchError("InternalServiceError", thrown.message);
  requestFailed.publish({ operation, error: thrown, traceparent });
  return new CloudWatchError("InternalServiceError", "The request failed for an internal reason.");
}
