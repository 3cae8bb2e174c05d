import { deserialize, serialize } from "node:v8";
import type { Ownership } from "../gateways/gateway-owners.ts";
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

/** Has the owner carry it out. Rejects as `GatewayCalls.call()` does. */
export async function passCall(
  gateways: QueueGateways,
  { gateway }: Ownership,
  call: PassedCall,
  signal: AbortSignal,
): Promise<CallResult> {
  return decodeResult(await gateways.calls.call(gateway, { name: callName, payload: serialize(call), signal }));
}

// Only gateways that know the secret of the cluster make these bytes: see `GatewayCalls`.

export function decodeCall(bytes: Uint8Array): PassedCall {
  return deserialize(bytes) as PassedCall;
}

/** Disposes of the memory behind received records. */
export function encodeResult(result: CallResult): Uint8Array {
  if (!("records" in result)) return serialize(result);
  const { lease, ...records } = result.records;
  try {
    const slices = records.slices.map(({ body, start, end, ...slice }) => {
      return { ...slice, body: Uint8Array.from(body.subarray(start, end)), start: 0, end: end - start };
    });
    return serialize({ ...result, records: { ...records, slices } });
  } finally {
    lease?.[Symbol.dispose]();
  }
}

function decodeResult(bytes: Uint8Array): CallResult {
  return deserialize(bytes) as CallResult;
}
