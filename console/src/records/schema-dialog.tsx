import { useState } from "preact/hooks";
import { toBase64 } from "../decode/bytes.ts";
import { changeSchema, loadMessages, schema } from "../decode/schema.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Form } from "../parts/form.tsx";
import { Fault } from "../parts/notice.tsx";
import { useAction } from "../parts/use-action.ts";

interface SchemaDialogProps {
  readonly stream: string;
  readonly onClose: () => void;
}

interface Chosen {
  readonly descriptorsBase64: string;
  readonly names: readonly string[];
}

/** Takes a file of Protocol Buffers descriptors, with which the records of the stream are decoded. */
export function SchemaDialog({ stream, onClose }: SchemaDialogProps) {
  const { isBusy, fault, run } = useAction();
  const [chosen, setChosen] = useState<Chosen>();
  const present = schema.value;
  const read = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    const bytes = new Uint8Array(await file.arrayBuffer());
    const { messageNames } = await loadMessages();
    const names = namesIn(bytes, messageNames);
    if (names.length === 0) throw new Error("This file has no messages: it is no descriptor set of protoc or buf.");
    setChosen({ descriptorsBase64: toBase64(bytes), names });
  };
  const use = async (messageName: string): Promise<void> => {
    if (chosen === undefined) return;
    const { descriptorsBase64 } = chosen;
    if (await run(() => changeSchema(stream, { descriptorsBase64, messageName }))) onClose();
  };
  return (
    <Dialog title={`Schema of ${stream}`} onClose={onClose}>
      <Form class="fields" onSubmit={(form) => void use(String(new FormData(form).get("name")))}>
        <p>
          {present === undefined
            ? "Records that are Protocol Buffers messages are shown by the numbers of their fields. With a schema they have names, and filters by JSON path find them."
            : `Records are decoded as ${present.messageName}.`}
        </p>
        <label>
          Descriptor set: choose the file, or drop it here
          <input type="file" onChange={(event) => void run(() => read(event.currentTarget.files?.[0]))} />
          <small>
            Made by <code>protoc --include_imports --descriptor_set_out=orders.binpb orders.proto</code>, or by{" "}
            <code>buf build -o orders.binpb</code>. It stays in this browser.
          </small>
        </label>
        {chosen !== undefined && (
          <label>
            Message
            <select name="name" defaultValue={chosen.names.at(-1)}>
              {chosen.names.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        )}
        {fault !== undefined && <Fault>{fault}</Fault>}
        <div class="actions">
          {present !== undefined && (
            <button
              type="button"
              onClick={() => {
                void changeSchema(stream, undefined);
                onClose();
              }}
            >
              Forget the schema
            </button>
          )}
          <button type="submit" class="primary" disabled={isBusy || chosen === undefined}>
            Decode with it
          </button>
        </div>
      </Form>
    </Dialog>
  );
}

/** None when the file is something else. */
function namesIn(bytes: Uint8Array, messageNames: (bytes: Uint8Array) => readonly string[]): readonly string[] {
  try {
    return messageNames(bytes);
  } catch {
    return [];
  }
}
