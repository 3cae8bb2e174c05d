import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { OutputOf } from "./outputs.ts";
import { type Received, send } from "./send.ts";
import { signRequest } from "./sign-request.ts";
import { type Pace, target } from "./target.ts";

export interface Answer extends Received {
  /** The parsed JSON; undefined for an empty body. */
  readonly body: unknown;
}

export interface Refusal {
  readonly status: number;
  readonly type: string;
  /** `message`, or `Message` where the service capitalises it; undefined when the response has neither. */
  readonly message: string | undefined;
}

export interface CallOptions {
  readonly pace?: Pace;
  /** Default: asked again later, as rates are no business of most tests. */
  readonly throttled?: "retry" | "answer";
}

export const jsonContentType = "application/x-amz-json-1.1";
const throttledMsMax = 60_000;

/** One signed call of an operation. `input` may also be JSON text, for what `JSON.stringify` would never write. */
export async function call(operation: string, input: object | string, options: CallOptions = {}): Promise<Answer> {
  const startMs = performance.now();
  for (let pauseMs = 200; ; pauseMs = Math.min(pauseMs * 2, 5_000)) {
    const answer = await callOnce(operation, input, options.pace);
    const mayRetry = options.throttled !== "answer" && performance.now() - startMs < throttledMsMax;
    if (!mayRetry || !isThrottled(answer)) return answer;
    await delay(pauseMs);
  }
}

async function callOnce(operation: string, input: object | string, pace?: Pace): Promise<Answer> {
  const where = target(pace);
  const body = typeof input === "string" ? input : JSON.stringify(input);
  const headers = { "Content-Type": jsonContentType, "X-Amz-Target": `Kinesis_20131202.${operation}` };
  const received = await send(where.endpoint, {
    headers: signRequest({ headers, body, now: new Date() }, where),
    body,
  });
  return { ...received, body: received.text === "" ? undefined : JSON.parse(received.text) };
}

/** Rates, and how much may be in the making at once: both pass by themselves. */
function isThrottled(answer: Answer): boolean {
  if (answer.status !== 400) return false;
  const { type, message = "" } = refusalOf(answer);
  return (
    /^(LimitExceeded|ProvisionedThroughputExceeded)Exception$/.test(type) &&
    /^Rate exceeded|simultaneously/.test(message)
  );
}

/** A call that has to succeed, and its output. */
export async function ok<Name extends string>(
  operation: Name,
  input: object,
  options?: CallOptions,
): Promise<OutputOf<Name>> {
  const answer = await call(operation, input, options);
  assert.equal(answer.status, 200, `${operation} ${JSON.stringify(input).slice(0, 300)} answered ${answer.text}`);
  return answer.body as OutputOf<Name>;
}

/** A call that has to be refused as the caller's error, and how it was. */
export async function refused(operation: string, input: object | string, options?: CallOptions): Promise<Refusal> {
  const answer = await call(operation, input, options);
  assert.equal(answer.status, 400, `${operation} answered ${answer.status} ${answer.text.slice(0, 300)}`);
  const refusal = refusalOf(answer);
  const messageName = refusal.type === "SerializationException" ? "Message" : "message";
  assert.deepEqual(Object.keys(answer.body ?? {}).sort(), [messageName, "__type"].sort());
  return refusal;
}

export function refusalOf({ status, body }: Answer): Refusal {
  const {
    __type: type = "",
    message,
    Message,
  } = (body ?? {}) as {
    readonly __type?: string;
    readonly message?: string;
    readonly Message?: string;
  };
  return { status, type, message: message ?? Message };
}
