import type { EntryOutcomes, EntryRefusal, RecordKind, VisibilityEntry } from "./queue-calls.ts";
import type { ReceiptHandleCipher } from "./receipt-handle.ts";
import type { DeliveryReceipt } from "./state/delivery-receipt.ts";
import type { QueueState } from "./state/queue-state.ts";
import type { StateWriter } from "./state-writer.ts";

/** What is known of the deliveries of one queue. */
export interface KnownDeliveries {
  readonly state: QueueState;
  readonly writer: StateWriter;
  readonly handles: ReceiptHandleCipher;
}

/** Resolves when the acknowledgements are durable. */
export async function acknowledgeDeliveries(
  { state, writer, handles }: KnownDeliveries,
  kind: RecordKind,
  receiptHandles: readonly string[],
): Promise<EntryOutcomes> {
  let written: Promise<EntryRefusal | undefined> | undefined;
  const outcomes = handles.decrypt(receiptHandles).map((delivery) => {
    const refusal = refusalOf(delivery, kind);
    if (delivery === undefined || refusal !== undefined) return refusal;
    const standing = state.standingOf(delivery);
    if (standing === "superseded") return standing;
    if (standing === "done") return undefined;
    if (standing !== "unseen") state.beginAcknowledging(standing);
    written = writer.acknowledge(delivery.shardIndex, delivery.position);
    return "written";
  });
  return withWritten(outcomes, await written);
}

/** Resolves when the dead letters are durably live records again. */
export async function restoreDeliveries(
  { state, writer, handles }: KnownDeliveries,
  receiptHandles: readonly string[],
): Promise<EntryOutcomes> {
  let written: Promise<EntryRefusal | undefined> | undefined;
  const outcomes = handles.decrypt(receiptHandles).map((delivery) => {
    const refusal = refusalOf(delivery, "dead");
    if (delivery === undefined || refusal !== undefined) return refusal;
    const slot = state.standingOf(delivery);
    if (typeof slot !== "number") return state.isRestoredBy(delivery) ? undefined : "superseded";
    state.beginRestoring(slot);
    const second = state.table.firstReceiveSecond[slot] as number;
    written = writer.restore(delivery.shardIndex, delivery.position, second);
    return "written";
  });
  return withWritten(outcomes, await written);
}

/** `tickAfter`: the tick at which so many seconds are over. */
export function changeVisibilities(
  { state, handles }: KnownDeliveries,
  kind: RecordKind,
  entries: readonly VisibilityEntry[],
  tickAfter: (seconds: number) => number,
): EntryOutcomes {
  const deliveries = handles.decrypt(entries.map(({ receiptHandle }) => receiptHandle));
  return entries.map(({ visibilitySeconds }, i) => {
    const delivery = deliveries[i];
    const refusal = refusalOf(delivery, kind);
    if (delivery === undefined || refusal !== undefined) return refusal;
    const slot = state.standingOf(delivery);
    if (slot === "superseded") return slot;
    if (typeof slot !== "number" || !state.isInFlight(slot)) return "not_in_flight";
    if (visibilitySeconds === 0) state.giveBack(slot);
    else state.move(slot, tickAfter(visibilitySeconds));
    return undefined;
  });
}

function refusalOf(delivery: DeliveryReceipt | undefined, kind: RecordKind): EntryRefusal | undefined {
  if (delivery === undefined) return "malformed";
  return delivery.isDead === (kind === "dead") ? undefined : "other_kind";
}

/** `refusal`: of all entries whose change was written. */
function withWritten(
  outcomes: readonly (EntryRefusal | "written" | undefined)[],
  refusal: EntryRefusal | undefined,
): EntryOutcomes {
  return outcomes.map((outcome) => (outcome === "written" ? refusal : outcome));
}
