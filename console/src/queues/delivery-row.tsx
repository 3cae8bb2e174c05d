import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { previewOf } from "../decode/decode.ts";
import { bytesText, durationText, plural, timeText } from "../parts/format.ts";
import { dataBytes, useDecoded } from "../records/decoded-record.ts";
import { PayloadView } from "../records/payload-view.tsx";
import type { Delivery } from "./deliveries.ts";

interface DeliveryRowProps {
  readonly delivery: Delivery;
  readonly nowMs: number;
  /** The buttons of a record in flight. */
  readonly children: ComponentChildren;
}

/** One received record, with its data when it is opened. */
export function DeliveryRow({ delivery, nowMs, children }: DeliveryRowProps) {
  const { partitionKey, recordId, receiveCount, arrivalMs, outcome, fault } = delivery;
  const [isOpen, setOpen] = useState(false);
  const decoded = useDecoded(delivery);
  return (
    <li class={outcome === undefined ? "" : "done"}>
      <div class="bar">
        <b class="long">{partitionKey ?? "no partition key"}</b>
        <span class="muted">arrived {timeText(arrivalMs)}</span>
        <span class={receiveCount > 1 ? "warn" : "muted"}>received {plural(receiveCount, "time")}</span>
        <span class="muted">{bytesText(dataBytes(delivery))}</span>
        <span class="spring" />
        {outcome === undefined ? (
          <>
            <Remaining ms={delivery.untilMs - nowMs} />
            <span class="actions">{children}</span>
          </>
        ) : (
          <span class="tag">{outcome}</span>
        )}
      </div>
      <button type="button" class="delivery-data" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {decoded === undefined ? "…" : previewOf(decoded) || "empty"}
      </button>
      {fault !== undefined && <p class="fault">{fault}</p>}
      {isOpen && (
        <>
          <p class="muted long">Record id {recordId}</p>
          {decoded !== undefined && <PayloadView decoded={decoded} />}
        </>
      )}
    </li>
  );
}

function Remaining({ ms }: { readonly ms: number }) {
  if (ms <= 0) return <span class="tag warn">its time is over</span>;
  return <span class="muted num">{durationText(Math.ceil(ms / 1_000) * 1_000)} left</span>;
}
