import { useState } from "preact/hooks";
import { kinesis } from "../api/kinesis.ts";
import type { Consumer } from "../api/shapes.ts";
import { Dialog } from "../parts/dialog.tsx";
import { EntriesSection } from "../parts/entries-section.tsx";
import { durationText } from "../parts/format.ts";
import { PolicySection } from "../parts/policy-section.tsx";
import { TagsSection } from "../parts/tags-section.tsx";
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
  const [openedArn, setOpenedArn] = useState<string>();
  const opened = listed.value?.Consumers.find(({ ConsumerARN }) => ConsumerARN === openedArn);
  const lagOf = ({ ConsumerName }: Consumer) => lagText(view.traffic?.consumers[ConsumerName]?.millisBehindLatest);
  return (
    <>
      <EntriesSection
        title="Consumers"
        none="None is registered for enhanced fan-out. Readers that poll with GetRecords need not be."
        add="Register"
        remove="Deregister"
        entries={listed.value?.Consumers.map((consumer) => ({
          key: consumer.ConsumerARN,
          name: consumer.ConsumerName,
          cells: [consumer.ConsumerStatus.toLowerCase(), lagOf(consumer)],
          onOpen: () => setOpenedArn(consumer.ConsumerARN),
          onRemove: () => void change("DeregisterStreamConsumer", { ConsumerARN: consumer.ConsumerARN }),
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
      {opened !== undefined && (
        <ConsumerDialog consumer={opened} lag={lagOf(opened)} onClose={() => setOpenedArn(undefined)} />
      )}
    </>
  );
}

interface ConsumerDialogProps {
  readonly consumer: Consumer;
  readonly lag: string;
  readonly onClose: () => void;
}

/** What a consumer is set to be. */
function ConsumerDialog({ consumer, lag, onClose }: ConsumerDialogProps) {
  const { ConsumerName, ConsumerARN, ConsumerStatus, ConsumerCreationTimestamp } = consumer;
  return (
    <Dialog title={`Consumer ${ConsumerName}`} onClose={onClose}>
      <dl>
        <dt>ARN</dt>
        <dd class="long">{ConsumerARN}</dd>
        <dt>Status</dt>
        <dd>{ConsumerStatus.toLowerCase()}</dd>
        <dt>Registered</dt>
        <dd>{new Date(ConsumerCreationTimestamp * 1000).toLocaleString()}</dd>
        <dt>Behind</dt>
        <dd>{lag}</dd>
      </dl>
      <TagsSection arn={ConsumerARN} />
      <PolicySection arn={ConsumerARN} />
    </Dialog>
  );
}

function lagText(millisBehindLatest: number | undefined): string {
  if (millisBehindLatest === undefined) return "has not read since the server's start";
  return millisBehindLatest === 0 ? "up to date" : `${durationText(millisBehindLatest)} behind`;
}
