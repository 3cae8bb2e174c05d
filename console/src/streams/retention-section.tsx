import { useState } from "preact/hooks";
import { isReadOnly } from "../api/console-data.ts";
import { kinesis } from "../api/kinesis.ts";
import { durationText } from "../parts/format.ts";
import { Fault } from "../parts/notice.tsx";
import { useAction } from "../parts/use-action.ts";
import type { StreamView } from "./stream-page.tsx";

/** How long records are kept. */
export function RetentionSection({ view }: { readonly view: StreamView }) {
  const { isBusy, fault, run } = useAction();
  const { RetentionPeriodHours: now } = view.description;
  const [hours, setHours] = useState(now);
  const change = async (): Promise<void> => {
    const operation = hours > now ? "IncreaseStreamRetentionPeriod" : "DecreaseStreamRetentionPeriod";
    const input = { StreamName: view.name, RetentionPeriodHours: hours };
    if (await run(() => kinesis(operation, input))) view.refresh();
  };
  return (
    <section>
      <h2>Retention</h2>
      <p>Records are kept for {durationText(now * 3_600_000)}.</p>
      {!isReadOnly() && (
        <form
          class="inline"
          onSubmit={(event) => {
            event.preventDefault();
            void change();
          }}
        >
          <label>
            Hours
            <input
              type="number"
              min={24}
              max={8_760}
              value={hours}
              onInput={(event) => setHours(Number(event.currentTarget.value))}
            />
          </label>
          <button type="submit" disabled={isBusy || hours === now}>
            Change
          </button>
          {hours < now && <p class="hint">Older records are removed for good.</p>}
        </form>
      )}
      {fault !== undefined && <Fault>{fault}</Fault>}
    </section>
  );
}
