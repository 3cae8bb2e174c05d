import { useState } from "preact/hooks";
import { kinesis } from "../api/kinesis.ts";
import { go } from "../app/address.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Fault } from "../parts/notice.tsx";
import { useAction } from "../parts/use-action.ts";
import type { StreamView } from "./stream-page.tsx";

/** Deletes the stream, when its name has been typed. */
export function DeleteSection({ view }: { readonly view: StreamView }) {
  const [isOpen, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const { isBusy, fault, run } = useAction();
  const { name: StreamName } = view;
  const remove = async (): Promise<void> => {
    const isDone = await run(() => kinesis("DeleteStream", { StreamName, EnforceConsumerDeletion: true }));
    if (isDone) go({ page: "streams" });
  };
  return (
    <section>
      <h2>Delete</h2>
      <button type="button" class="danger" onClick={() => setOpen(true)}>
        Delete this stream…
      </button>
      {isOpen && (
        <Dialog title={`Delete ${StreamName}`} onClose={() => setOpen(false)}>
          <form
            class="fields"
            onSubmit={(event) => {
              event.preventDefault();
              if (typed === StreamName) void remove();
            }}
          >
            <p>
              The stream, all its records and its consumers are removed for good. There is no way back but a backup.
            </p>
            <label>
              Type the name of the stream
              <input
                value={typed}
                autocomplete="off"
                spellcheck={false}
                onInput={(event) => setTyped(event.currentTarget.value)}
              />
            </label>
            {fault !== undefined && <Fault>{fault}</Fault>}
            <div class="actions">
              <button type="submit" class="danger" disabled={isBusy || typed !== StreamName}>
                Delete
              </button>
            </div>
          </form>
        </Dialog>
      )}
    </section>
  );
}
