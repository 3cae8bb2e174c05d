import { useState } from "preact/hooks";
import { kinesis } from "../api/kinesis.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Form } from "../parts/form.tsx";
import { Fault } from "../parts/notice.tsx";
import { useAction } from "../parts/use-action.ts";

/** Creates a stream. `onClose` is told whether it did. */
export function CreateDialog({ onClose }: { readonly onClose: (isCreated: boolean) => void }) {
  const { isBusy, fault, run } = useAction();
  const [isOnDemand, setOnDemand] = useState(false);
  const submit = async (form: HTMLFormElement): Promise<void> => {
    const data = new FormData(form);
    const StreamName = String(data.get("name"));
    const input = isOnDemand
      ? { StreamName, StreamModeDetails: { StreamMode: "ON_DEMAND" } }
      : { StreamName, ShardCount: Number(data.get("shards")) };
    if (await run(() => kinesis("CreateStream", input))) onClose(true);
  };
  return (
    <Dialog title="Create a stream" onClose={() => onClose(false)}>
      <Form class="fields" onSubmit={submit}>
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
        {fault !== undefined && <Fault>{fault}</Fault>}
        <div class="actions">
          <button type="submit" class="primary" disabled={isBusy}>
            Create
          </button>
        </div>
      </Form>
    </Dialog>
  );
}
