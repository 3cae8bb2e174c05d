import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "./dialog.tsx";
import { Fault } from "./notice.tsx";
import { useAction } from "./use-action.ts";

interface ConfirmButtonProps {
  /** What the button and its dialog say. */
  readonly label: string;
  readonly action: () => Promise<unknown>;
  readonly onDone: () => void;
  readonly isDisabled?: boolean;
  readonly class?: string;
  /** What will happen, and what it costs. */
  readonly children: ComponentChildren;
}

/** A button that says what its action means before it is done. */
export function ConfirmButton({ label, action, onDone, isDisabled = false, children, ...rest }: ConfirmButtonProps) {
  const [isOpen, setOpen] = useState(false);
  const { isBusy, fault, run } = useAction();
  const confirm = async (): Promise<void> => {
    if (!(await run(action))) return;
    setOpen(false);
    onDone();
  };
  return (
    <>
      <button type="button" class={rest.class ?? ""} disabled={isDisabled} onClick={() => setOpen(true)}>
        {label}…
      </button>
      {isOpen && (
        <Dialog title={label} onClose={() => setOpen(false)}>
          {children}
          {fault !== undefined && <Fault>{fault}</Fault>}
          <div class="actions">
            <button type="button" onClick={() => setOpen(false)}>
              Cancel
            </button>
            <button type="button" class="primary" disabled={isBusy} onClick={() => void confirm()}>
              {label}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
