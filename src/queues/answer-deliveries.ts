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

/** One call that acknowledges records. */
export interface AcknowledgeCall {
  readonly kind: RecordKind;
  readonly handles: readonly string[];
  /** Called when the acknowledgements are durable. */
  readonly resolve: (outcomes: EntryOutcomes) => void;
  readonly reject: (error: unknown) => void;
}

/** Begins the acknowledgements of all calls of a turn, which are written together. */
export function acknowledgeDeliveries(known: KnownDeliveries, calls: readonly AcknowledgeCall[]): void {
  const deliveries = known.handles.decrypt(calls.flatMap(({ handles }) => handles));
  let next = 0;
  for (const { kind, handles, resolve } of calls) {
    const outcomes: EntryOutcome[] = [];
    let isWritten = false;
    for (const end = next + handles.length; next < end; next += 1) {
      const outcome = acknowledgeDelivery(known, kind, deliveries[next]);
      isWritten ||= outcome === "written";
      outcomes.push(outcome);
    }
    if (isWritten) known.writer.whenWritten((refusal) => resolve(withWritten(outcomes, refusal)));
    else resolve(withWritten(outcomes, undefined));
  }
}

function acknowledgeDelivery(
  { state, writer }: KnownDeliveries,
  kind: RecordKind,
  delivery: DeliveryReceipt | undefined,
): EntryOutcome {
  const refusal = refusalOf(delivery, kind);
  if (delivery === undefined || refusal !== undefined) return refusal;
  const standing = state.standingOf(delivery);
  if (standing === "superseded") return standing;
  if (standing === "done") return undefined;
  if (standing !== "unseen") state.beginAcknowledging(standing);
  writer.acknowledge(delivery.shardIndex, delivery.position);
  return "written";
}

/** Resolves when the dead letters are durably live records again. */
export function restoreDeliveries(
  { state, writer, handles }: KnownDeliveries,
  receiptHandles: readonly string[],
): Promise<EntryOutcomes> {
  let isWritten = false;
  const outcomes = handles.decrypt(receiptHandles).map((delivery): EntryOutcome => {
    const refusal = refusalOf(delivery, "dead");
    if (delivery === undefined || refusal !== undefined) return refusal;
    const slot = state.standingOf(delivery);
    if (typeof slot !== "number") return state.isRestoredBy(delivery) ? undefined : "superseded";
    state.beginRestoring(slot);
    const second = state.table.firstReceiveSecond[slot] as number;
    writer.restore(delivery.shardIndex, delivery.position, second);
    isWritten = true;
    return "written";
  });
  if (!isWritten) return Promise.resolve(withWritten(outcomes, undefined));
  return new Promise((resolve) => {
    writer.whenWritten((refusal) => resolve(withWritten(outcomes, refusal)));
  });
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

/** What is known of an entry before its change is durable; `written`: that will decide. */
type EntryOutcome = EntryRefusal | "written" | undefined;

/** `refusal`: of all entries whose change was written. */
function withWritten(outcomes: readonly EntryOutcome[], refusal: EntryRefusal | undefined): EntryOutcomes {
  return outcomes.map((outcome) => (outcome === "written" ? refusal : outcome));
}
