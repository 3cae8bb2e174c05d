import { kinesis } from "../api/kinesis.ts";
import { EntriesSection } from "./entries-section.tsx";
import { useChange } from "./use-change.ts";
import { usePolled } from "./use-polled.ts";

interface Tag {
  readonly Key: string;
  readonly Value?: string;
}

const everyMs = 10_000;

/** The tags of a stream, consumer, queue or channel. */
export function TagsSection({ arn: ResourceARN }: { readonly arn: string }) {
  const listed = usePolled(
    () => kinesis<{ Tags: readonly Tag[] }>("ListTagsForResource", { ResourceARN }),
    everyMs,
    ResourceARN,
  );
  const { isBusy, fault, change } = useChange(listed.refresh);
  return (
    <EntriesSection
      title="Tags"
      none="No tags."
      add="Add"
      remove="Remove"
      entries={listed.value?.Tags.map(({ Key, Value = "" }) => ({
        key: Key,
        name: Key,
        cells: [Value],
        onRemove: () => void change("UntagResource", { ResourceARN, TagKeys: [Key] }),
      }))}
      fault={fault ?? listed.fault}
      isBusy={isBusy}
      onAdd={(data) => {
        const Tags = { [String(data.get("key"))]: String(data.get("value")) };
        return change("TagResource", { ResourceARN, Tags });
      }}
    >
      <label>
        Tag
        <input name="key" required maxlength={128} />
      </label>
      <label>
        Value
        <input name="value" maxlength={256} />
      </label>
    </EntriesSection>
  );
}
