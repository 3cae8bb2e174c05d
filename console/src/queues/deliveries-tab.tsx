import { useEffect, useState } from "preact/hooks";
import { kinesis } from "../api/kinesis.ts";
import type { EntriesOutput, QueueRecord } from "../api/shapes.ts";
import { ConfirmButton } from "../parts/confirm-button.tsx";
import { Form } from "../parts/form.tsx";
import { plural } from "../parts/format.ts";
import { Empty, Fault } from "../parts/notice.tsx";
import { useAction } from "../parts/use-action.ts";
import {
  actionsOf,
  type Delivery,
  deleteDeadLetters,
  deliveryOf,
  type RecordAction,
  type RecordKind,
  withOutcomes,
  withReceived,
} from "./deliveries.ts";
import { DeliveryRow } from "./delivery-row.tsx";

/** Model, the lists of entries: one call is about so many records. */
const entriesMax = 10;
/** Short, so that the page says soon that there is nothing. */
const WaitTimeSeconds = 1;

interface DeliveriesTabProps {
  readonly kind: RecordKind;
  readonly arn: string;
  /** The queue's own visibility timeout. */
  readonly timeoutSeconds: number;
  readonly refresh: () => void;
}

/** Receives records or dead letters of a queue, and settles what becomes of them. */
export function DeliveriesTab({ kind, arn: QueueARN, timeoutSeconds, refresh }: DeliveriesTabProps) {
  const [deliveries, setDeliveries] = useState<readonly Delivery[]>([]);
  const [isEmpty, setEmpty] = useState(false);
  const { isBusy, fault, run } = useAction();
  const nowMs = useNow();
  const open = deliveries.filter(({ outcome }) => outcome === undefined);
  const receive = (data: FormData): Promise<boolean> =>
    run(async () => {
      const [Limit, VisibilityTimeoutSeconds] = [Number(data.get("limit")), Number(data.get("seconds"))];
      const operation = kind === "live" ? "ReceiveQueueRecords" : "ReceiveDeadLetterQueueRecords";
      const input = { QueueARN, Limit, VisibilityTimeoutSeconds, WaitTimeSeconds };
      const { QueueRecords } = await kinesis<{ QueueRecords: readonly QueueRecord[] }>(operation, input);
      const untilMs = Date.now() + VisibilityTimeoutSeconds * 1_000;
      setEmpty(QueueRecords.length === 0);
      setDeliveries((before) =>
        withReceived(
          before,
          QueueRecords.map((record) => deliveryOf(record, untilMs)),
        ),
      );
      refresh();
    });
  const settle = async ({ operation, outcome, more }: RecordAction, some: readonly Delivery[]): Promise<void> => {
    for (let at = 0; at < some.length; at += entriesMax) {
      const Entries = some.slice(at, at + entriesMax).map(({ handle: ReceiptHandle }) => ({ ReceiptHandle, ...more }));
      const output = await kinesis<EntriesOutput>(operation, { QueueARN, Entries });
      setDeliveries((before) => withOutcomes(before, outcome, output));
    }
    refresh();
  };
  const act = (action: RecordAction, some: readonly Delivery[]): void => void run(() => settle(action, some));
  const remove = (some: readonly Delivery[]): Promise<void> => settle(deleteDeadLetters, some);
  return (
    <div class="deliveries">
      <ReceiveForm {...{ kind, timeoutSeconds, isBusy }} onReceive={(data) => void receive(data)} />
      {fault !== undefined && <Fault>{fault}</Fault>}
      {deliveries.length > 0 && (
        <div class="bar">
          <h2>{plural(open.length, kind === "live" ? "record" : "dead letter")} received here and in flight</h2>
          <span class="spring" />
          <ActionButtons {...{ kind, isBusy }} some={open} suffix=" all" onAct={act} onDelete={remove} />
          <button
            type="button"
            class="small"
            disabled={open.length === deliveries.length}
            onClick={() => setDeliveries(open)}
          >
            Hide those that are done
          </button>
        </div>
      )}
      <p class="muted" aria-live="polite">
        {isEmpty && (kind === "live" ? "No record is visible now." : "No dead letter is visible now.")}
      </p>
      {deliveries.length === 0 && !isEmpty && <Explanation kind={kind} />}
      <ul class="delivery-list">
        {deliveries.map((delivery) => (
          <DeliveryRow key={delivery.handle} {...{ delivery, nowMs }}>
            <ActionButtons {...{ kind, isBusy }} some={[delivery]} suffix="" onAct={act} onDelete={remove} />
          </DeliveryRow>
        ))}
      </ul>
    </div>
  );
}

/** The wall clock, once a second: rows say how long they are in flight. */
function useNow(): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}

interface ReceiveFormProps {
  readonly kind: RecordKind;
  readonly timeoutSeconds: number;
  readonly isBusy: boolean;
  readonly onReceive: (data: FormData) => void;
}

function ReceiveForm({ kind, timeoutSeconds, isBusy, onReceive }: ReceiveFormProps) {
  return (
    <Form class="inline" onSubmit={(form) => onReceive(new FormData(form))}>
      <label>
        At most
        <input name="limit" type="number" min={1} max={10} required defaultValue={10} />
      </label>
      <label>
        Keep from others, in seconds
        <input name="seconds" type="number" min={1} max={43_200} required defaultValue={Math.max(1, timeoutSeconds)} />
      </label>
      <button type="submit" class="primary" disabled={isBusy}>
        {kind === "live" ? "Receive records" : "Look at dead letters"}
      </button>
    </Form>
  );
}

interface ActionButtonsProps {
  readonly kind: RecordKind;
  readonly some: readonly Delivery[];
  readonly suffix: "" | " all";
  readonly isBusy: boolean;
  readonly onAct: (action: RecordAction, some: readonly Delivery[]) => void;
  readonly onDelete: (some: readonly Delivery[]) => Promise<void>;
}

/** What can be done with one or all of the records in flight. */
function ActionButtons({ kind, some, suffix, isBusy, onAct, onDelete }: ActionButtonsProps) {
  const isDisabled = isBusy || some.length === 0;
  return (
    <>
      {actionsOf[kind].map((action) => (
        <button
          key={action.label}
          type="button"
          class="small"
          title={action.title}
          disabled={isDisabled}
          onClick={() => onAct(action, some)}
        >
          {action.label}
          {suffix}
        </button>
      ))}
      {kind === "dead" && (
        <ConfirmButton
          label={`${deleteDeadLetters.label}${suffix}`}
          class="small danger"
          isDisabled={isDisabled}
          action={() => onDelete(some)}
          onDone={() => undefined}
        >
          <p>
            The queue forgets {plural(some.length, "dead letter")}: no worker gets {some.length === 1 ? "it" : "them"},
            and there is no way back. {deleteDeadLetters.title}.
          </p>
        </ConfirmButton>
      )}
    </>
  );
}

function Explanation({ kind }: { readonly kind: RecordKind }) {
  return (
    <Empty>
      {kind === "live" ? (
        <>
          <h2>Receive as a worker does</h2>
          <p>
            What you receive here is in flight: no worker gets it until you give it back or the time is over, and it
            counts as one receive. To look at records without that, open the stream.
          </p>
        </>
      ) : (
        <>
          <h2>Records that failed too often</h2>
          <p>
            To look at dead letters changes nothing in them: after the time they can be looked at again. Restore those
            whose fault is mended, and delete those that are of no use.
          </p>
        </>
      )}
    </Empty>
  );
}
