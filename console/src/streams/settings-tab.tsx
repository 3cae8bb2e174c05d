import { isReadOnly } from "../api/console-data.ts";
import { go } from "../app/address.ts";
import { DeleteSection } from "../parts/delete-section.tsx";
import { plural } from "../parts/format.ts";
import { PolicySection } from "../parts/policy-section.tsx";
import { TagsSection } from "../parts/tags-section.tsx";
import { ConsumersSection } from "./consumers-section.tsx";
import { EncryptionSection } from "./encryption-section.tsx";
import { ModeSection } from "./mode-section.tsx";
import { MonitoringSection } from "./monitoring-section.tsx";
import { RecordSizeSection, RetentionSection } from "./size-sections.tsx";
import type { StreamView } from "./stream-page.tsx";

/** What a stream is set to be. */
export function SettingsTab({ view }: { readonly view: StreamView }) {
  const { StreamARN, StreamStatus, StreamCreationTimestamp, QueueCount = 0, ChannelCount = 0 } = view.description;
  return (
    <div class="narrow">
      <dl class="wide-list">
        <dt>ARN</dt>
        <dd class="long">{StreamARN}</dd>
        <dt>Status</dt>
        <dd>{StreamStatus.toLowerCase()}</dd>
        {StreamCreationTimestamp !== undefined && (
          <>
            <dt>Created</dt>
            <dd>{new Date(StreamCreationTimestamp * 1000).toLocaleString()}</dd>
          </>
        )}
        <dt>Queues</dt>
        <dd>{QueueCount === 0 ? "none" : <a href="#/queues">{plural(QueueCount, "queue")}</a>}</dd>
        <dt>Channels</dt>
        <dd>{ChannelCount === 0 ? "none" : <a href="#/channels">{plural(ChannelCount, "channel")}</a>}</dd>
      </dl>
      <RetentionSection view={view} />
      <ModeSection view={view} />
      <EncryptionSection view={view} />
      <RecordSizeSection view={view} />
      <TagsSection arn={StreamARN} />
      <ConsumersSection view={view} />
      <PolicySection arn={StreamARN} />
      <MonitoringSection view={view} />
      {!isReadOnly() && (
        <DeleteSection
          what="stream"
          name={view.name}
          consequence="The stream, all its records and its consumers are removed for good. There is no way back but a backup."
          operation="DeleteStream"
          input={{ StreamName: view.name, EnforceConsumerDeletion: true }}
          onDone={() => go({ page: "streams" })}
        />
      )}
    </div>
  );
}
