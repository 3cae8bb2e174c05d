import { useState } from "preact/hooks";

interface CopyButtonProps {
  readonly text: () => string;
  readonly label: string;
}

const doneMs = 1_500;

export function CopyButton({ text, label }: CopyButtonProps) {
  const [isDone, setDone] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text());
    setDone(true);
    setTimeout(() => setDone(false), doneMs);
  };
  return (
    <button type="button" class="small" onClick={() => void copy()}>
      {isDone ? "Copied" : label}
    </button>
  );
}
