import { useState } from "preact/hooks";
import { kinesis } from "../api/kinesis.ts";
import { CreateForm } from "../parts/create-form.tsx";
import { Dialog } from "../parts/dialog.tsx";

/** Creates a stream. `onClose` is told whether it did. */
export function CreateDialog({ onClose }: { readonly onClose: (isCreated: boolean) => void }) {
  const [isOnDemand, setOnDemand] = useState(false);
  const create = (data: FormData): Promise<unknown> => {
    const StreamName = String(data.get("name"));
    const size = isOnDemand
      ? { StreamModeDetails: { StreamMode: "ON_DEMAND" } }
      : { ShardCount: Number(data.get("shards")) };
    return kinesis("CreateStream", { StreamName, ...size });
  };
  return (
    <Dialog title="Create a stream" onClose={() => onClose(false)}>
      <CreateForm create={create} onDone={() => onClose(true)}>
        <label>
          Name
          <input name="name" required maxlength={128} autocomplete="off" spellcheck={false} placeholder="orders" />
        </label>
        <label class="check">
          <input type="checkbox" checked={isOnDemand} onInput={(event) => setOnDemand(event.currentTarget.checked)} />
          On demand: without a number of shards to choose, and with queues and channels if you want them
        </label>
        {!isOnDemand && (
          <label>
            Shards
            <input name="shards" type="number" min={1} max={10_000} required defaultValue={1} />
            <small>With limits, each takes 1 MiB and 1,000 records a second.</small>
          </label>
        )}
      </CreateForm>
    </Dialog>
  );
}
