import { deserialize, serialize } from "node:v8";
import { EngineError } from "../engine/engine-error.ts";
import type { Ownership } from "../gateways/gateway-owners.ts";
import { KeyError, type KeyErrorKind } from "../keys/key-provider.ts";
import type { ReceivedRecords } from "../records/received-records.ts";
import type { Queue } from "./queue.ts";
import type { EntryOutcomes, ReceiveRequest, RecordKind, VisibilityEntry } from "./queue-calls.ts";
import { callName, type QueueGateways } from "./queue-ownership.ts";

/** One call on a queue, as it is passed on to the gateway that owns it. */
export type QueueCall =
  | { readonly name: "receive"; readonly request: Omit<ReceiveRequest, "signal"> }
  | { readonly name: "acknowledge"; readonly kind: RecordKind; readonly handles: readonly string[] }
  | { readonly name: "changeVisibility"; readonly kind: RecordKind; readonly entries: readonly VisibilityEntry[] }
  | { readonly name: "restore"; readonly handles: readonly string[] };

export interface PassedCall {
  readonly account: string;
  readonly region: string;
  readonly queueId: string;
  readonly call: QueueCall;
}

export type CallResult = ReceivedRecords | EntryOutcomes;

/** What the owner answers. An EngineError is not in it: gateway calls have a form for that. */
type Answer = { readonly result: CallResult } | { readonly failure: Failure };

interface Failure {
  /** Absent unless it is a KeyError. */
  readonly keyErrorKind?: KeyErrorKind | undefined;
  readonly message: string;
}

/** The call as it is repeated after some time: a receive has waited that long already. */
export function repeatedCall(call: QueueCall, elapsedMs: number): QueueCall {
  if (call.name !== "receive") return call;
  const waitSeconds = Math.max(0, call.request.waitSeconds - elapsedMs / 1000);
  return { ...call, request: { ...call.request, waitSeconds } };
}

export async function carryOut(queue: Queue, call: QueueCall, signal: AbortSignal): Promise<CallResult> {
  switch (call.name) {
    case "receive":
      return await queue.receive({ ...call.request, signal });
    case "acknowledge":
      return await queue.acknowledge(call.kind, call.handles);
    case "changeVisibility":
      return queue.changeVisibility(call.kind, call.entries);
    case "restore":
      return await queue.restore(call.handles);
  }
}

/** Has the owner carry it out. Rejects with the error that the owner met, and as `GatewayCalls.call()` does. */
export async function passCall(
  gateways: QueueGateways,
  { gateway }: Ownership,
  call: PassedCall,
  signal: AbortSignal,
): Promise<CallResult> {
  const answer = await gateways.calls.call(gateway, { name: callName, payload: serialize(call), signal });
  return resultOf(deserialize(answer) as Answer);
}

// Only gateways that know the secret of the cluster make these bytes: see `GatewayCalls`.

export function decodeCall(bytes: Uint8Array): PassedCall {
  return deserialize(bytes) as PassedCall;
}

/** Answers with a result, or with the error in its place. Rejects with an EngineError. */
export async function encodeAnswer(carriedOut: Promise<CallResult>): Promise<Uint8Array> {
  try {
    const result = await carriedOut;
    return "records" in result ? encodeReceived(result) : encode({ result });
  } catch (error) {
    if (error instanceof EngineError) throw error;
    return encode({ failure: failureOf(error) });
  }
}

/** Disposes of the memory behind the records. */
function encodeReceived(received: ReceivedRecords): Uint8Array {
  const { lease, ...records } = received.records;
  try {
    const slices = records.slices.map(({ body, start, end, ...slice }) => {
      return { ...slice, body: Uint8Array.from(body.subarray(start, end)), start: 0, end: end - start };
    });
    return encode({ result: { ...received, records: { ...records, slices } } });
  } finally {
    lease?.[Symbol.dispose]();
  }
}

function encode(answer: Answer): Uint8Array {
  return serialize(answer);
}

function failureOf(error: unknown): Failure {
  const keyErrorKind = error instanceof KeyError ? error.kind : undefined;
  return { keyErrorKind, message: error instanceof Error ? error.message : String(error) };
}

function resultOf(answer: Answer): CallResult {
  if ("result" in answer) return answer.result;
  const { keyErrorKind, message } = answer.failure;
  throw keyErrorKind === undefined ? new Error(message) : new KeyError(keyErrorKind, message);
}
