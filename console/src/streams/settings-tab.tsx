import { isReadOnly } from "../api/console-data.ts";
import { ConsumersSection } from "./consumers-section.tsx";
import { DeleteSection } from "./delete-section.tsx";
import { PolicySection } from "./policy-section.tsx";
import { RetentionSection } from "./retention-section.tsx";
import type { StreamView } from "./stream-page.tsx";
import { TagsSection } from "./tags-section.tsx";

/** What a stream is set to be. */
export function SettingsTab({ view }: { readonly view: StreamView }) {
  const { StreamARN, StreamStatus, StreamCreationTimestamp, EncryptionType, KeyId } = view.description;
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
        <dt>Encryption</dt>
        <dd class="long">{EncryptionType === "KMS" ? `with the key ${KeyId ?? ""}` : "none"}</dd>
      </dl>
      <RetentionSection view={view} />
      <TagsSection view={view} />
      <ConsumersSection view={view} />
      <PolicySection view={view} />
      {!isReadOnly() && <DeleteSection view={view} />}
    </div>
  );
}
