import type { ComponentChildren } from "preact";
import { Form } from "./form.tsx";
import { Fault } from "./notice.tsx";
import { useAction } from "./use-action.ts";

interface CreateFormProps {
  /** Creates what the fields say; rejects with the reason why it cannot. */
  readonly create: (data: FormData) => Promise<unknown>;
  readonly onDone: () => void;
  /** The fields. */
  readonly children: ComponentChildren;
}

/** The form of a dialog that creates something. */
export function CreateForm({ create, onDone, children }: CreateFormProps) {
  const { isBusy, fault, run } = useAction();
  const submit = async (form: HTMLFormElement): Promise<void> => {
    if (await run(() => create(new FormData(form)))) onDone();
  };
  return (
    <Form class="fields" onSubmit={submit}>
      {children}
      {fault !== undefined && <Fault>{fault}</Fault>}
      <div class="actions">
        <button type="submit" class="primary" disabled={isBusy}>
          Create
        </button>
      </div>
    </Form>
  );
}
