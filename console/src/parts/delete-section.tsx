import { useState } from "preact/hooks";
import { kinesis } from "../api/kinesis.ts";
import { Dialog } from "./dialog.tsx";
import { Form } from "./form.tsx";
import { Fault } from "./notice.tsx";
import { useAction } from "./use-action.ts";

interface DeleteSectionProps {
  readonly what: "stream" | "queue" | "channel";
  readonly name: string;
  /** What is gone then. */
  readonly consequence: string;
  readonly operation: string;
  readonly input: object;
  readonly onDone: () => void;
}

/** Deletes a stream, queue or channel, when its name has been typed. */
export function DeleteSection({ what, name, consequence, operation, input, onDone }: DeleteSectionProps) {
  const [isOpen, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const { isBusy, fault, run } = useAction();
  const remove = async (): Promise<void> => {
    if (await run(() => kinesis(operation, input))) onDone();
  };
  return (
    <section>
      <h2>Delete</h2>
      <button type="button" class="danger" onClick={() => setOpen(true)}>
        Delete this {what}…
      </button>
      {isOpen && (
        <Dialog title={`Delete ${name}`} onClose={() => setOpen(false)}>
          <Form
            class="fields"
            onSubmit={() => {
              if (typed === name) void remove();
            }}
          >
            <p>{consequence}</p>
            <label>
              Type the name of the {what}
              <input
                value={typed}
                autocomplete="off"
                spellcheck={false}
                onInput={(event) => setTyped(event.currentTarget.value)}
              />
            </label>
            {fault !== undefined && <Fault>{fault}</Fault>}
            <div class="actions">
              <button type="submit" class="danger" disabled={isBusy || typed !== name}>
                Delete
              </button>
            </div>
          </Form>
        </Dialog>
      )}
    </section>
  );
}
