import { kinesis } from "../api/kinesis.ts";
import type { Consumer } from "../api/shapes.ts";
import { EntriesSection } from "../parts/entries-section.tsx";
import { durationText } from "../parts/format.ts";
import { useChange } from "../parts/use-change.ts";
import { usePolled } from "../parts/use-polled.ts";
import type { StreamView } from "./stream-page.tsx";

const everyMs = 5_000;

/** Consumers that are registered for enhanced fan-out. */
export function ConsumersSection({ view }: { readonly view: StreamView }) {
  const { StreamARN } = view.description;
  const listed = usePolled(
    () => kinesis<{ Consumers: readonly Consumer[] }>("ListStreamConsumers", { StreamARN }),
    everyMs,
    StreamARN,
  );
  const { isBusy, fault, change } = useChange(listed.refresh);
  return (
    <EntriesSection
      title="Consumers"
      none="None is registered for enhanced fan-out. Readers that poll with GetRecords need not be."
      add="Register"
      remove="Deregister"
      entries={listed.value?.Consumers.map(({ ConsumerName, ConsumerARN, ConsumerStatus }) => ({
        key: ConsumerARN,
        name: ConsumerName,
        cells: [ConsumerStatus.toLowerCase(), lagText(view.traffic?.consumers[ConsumerName]?.millisBehindLatest)],
        onRemove: () => void change("DeregisterStreamConsumer", { ConsumerARN }),
      }))}
      fault={fault ?? listed.fault}
      isBusy={isBusy}
      onAdd={(data) => change("RegisterStreamConsumer", { StreamARN, ConsumerName: String(data.get("name")) })}
    >
      <label>
        Name
        <input name="name" required maxlength={128} pattern="[a-zA-Z0-9_.\-]+" />
      </label>
    </EntriesSection>
  );
}

function lagText(millisBehindLatest: number | undefined): string {
  if (millisBehindLatest === undefined) return "has not read since the server's start";
  return millisBehindLatest === 0 ? "up to date" : `${durationText(millisBehindLatest)} behind`;
}
