import type { ComponentType } from "preact";
import { useState } from "preact/hooks";
import { isReadOnly } from "../api/console-data.ts";

interface CreateButtonProps {
  readonly what: "stream" | "queue" | "channel";
  /** `onClose` is told whether it has created something. */
  readonly dialog: ComponentType<{ readonly onClose: (isCreated: boolean) => void }>;
  readonly onCreated: () => void;
}

/** Opens the dialog that creates something; absent where the page only reads. */
export function CreateButton({ what, dialog: CreateDialog, onCreated }: CreateButtonProps) {
  const [isOpen, setOpen] = useState(false);
  if (isReadOnly()) return null;
  return (
    <>
      <button type="button" class="primary" onClick={() => setOpen(true)}>
        Create a {what}
      </button>
      {isOpen && (
        <CreateDialog
          onClose={(isCreated) => {
            setOpen(false);
            if (isCreated) onCreated();
          }}
        />
      )}
    </>
  );
}
