import { isReadOnly } from "../api/console-data.ts";
import type { QueueDescription } from "../api/shapes.ts";
import { go } from "../app/address.ts";
import { DeleteSection } from "../parts/delete-section.tsx";
import { Form } from "../parts/form.tsx";
import { plural } from "../parts/format.ts";
import { Fault } from "../parts/notice.tsx";
import { PolicySection } from "../parts/policy-section.tsx";
import { TagsSection } from "../parts/tags-section.tsx";
import { useChange } from "../parts/use-change.ts";
import { AttributeFields, attributesFrom } from "./queue-attributes.tsx";

interface QueueSettingsProps {
  readonly queue: QueueDescription;
  readonly refresh: () => void;
}

/** What a queue is set to be. */
export function QueueSettings({ queue, refresh }: QueueSettingsProps) {
  const { QueueName, QueueARN, QueueCreationTimestamp, StreamConfigurationList } = queue;
  const [{ StartingPosition: { Type = "LATEST", Timestamp } = {} } = {}] = StreamConfigurationList;
  return (
    <div class="narrow">
      <dl class="wide-list">
        <dt>ARN</dt>
        <dd class="long">{QueueARN}</dd>
        <dt>Created</dt>
        <dd>{new Date(QueueCreationTimestamp * 1000).toLocaleString()}</dd>
        <dt>Begins</dt>
        <dd>
          {Timestamp === undefined ? Type : `with records from ${new Date(Timestamp * 1000).toLocaleString()} on`}
        </dd>
      </dl>
      {isReadOnly() ? <AttributeList queue={queue} /> : <AttributeForm {...{ queue, refresh }} />}
      <TagsSection arn={QueueARN} />
      <PolicySection arn={QueueARN} />
      {!isReadOnly() && (
        <DeleteSection
          what="queue"
          name={QueueName}
          consequence="The queue forgets which records are done, and its dead letters. The records stay in their stream until they expire."
          operation="DeleteQueue"
          input={{ QueueARN }}
          onDone={() => go({ page: "queues" })}
        />
      )}
    </div>
  );
}

function AttributeForm({ queue, refresh }: QueueSettingsProps) {
  const { isBusy, fault, change } = useChange(refresh);
  const { QueueARN, QueueAttributes } = queue;
  return (
    <section>
      <h2>Attempts</h2>
      {/* What another person changes meanwhile replaces what is typed. */}
      <Form
        key={JSON.stringify(QueueAttributes)}
        class="fields"
        onSubmit={(form) => {
          void change("UpdateQueue", {
            QueueARN,
            QueueAttributes: attributesFrom(new FormData(form)),
          });
        }}
      >
        <AttributeFields present={QueueAttributes} />
        <div class="actions">
          <button type="submit" disabled={isBusy}>
            Save
          </button>
        </div>
      </Form>
      {fault !== undefined && <Fault>{fault}</Fault>}
    </section>
  );
}

function AttributeList({ queue: { QueueAttributes = {} } }: { readonly queue: QueueDescription }) {
  const { VisibilityTimeoutSeconds = 0, DeadLetterConfiguration } = QueueAttributes;
  return (
    <section>
      <h2>Attempts</h2>
      <p>
        A record that is not acknowledged within {VisibilityTimeoutSeconds} s is handed out again.{" "}
        {DeadLetterConfiguration?.TargetType === "BUILT_IN"
          ? `After ${plural(DeadLetterConfiguration.MaxReceiveCount ?? 0, "receive")} it is a dead letter.`
          : "There are no dead letters."}
      </p>
    </section>
  );
}
