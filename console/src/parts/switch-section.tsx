import type { ComponentChildren } from "preact";
import { isReadOnly } from "../api/console-data.ts";
import { Fault } from "./notice.tsx";

interface SwitchSectionProps {
  readonly title: string;
  /** What is so when it is on. */
  readonly label: string;
  readonly isOn: boolean;
  readonly isBusy: boolean;
  readonly fault: string | undefined;
  readonly onChange: (isOn: boolean) => void;
  /** What it means. */
  readonly children: ComponentChildren;
}

/** A setting that is on or off. */
export function SwitchSection({ title, label, isOn, isBusy, fault, onChange, children }: SwitchSectionProps) {
  return (
    <section>
      <h2>{title}</h2>
      <label class="check">
        <input
          type="checkbox"
          checked={isOn}
          disabled={isBusy || isReadOnly()}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
        {label}
      </label>
      <p class="hint">{children}</p>
      {fault !== undefined && <Fault>{fault}</Fault>}
    </section>
  );
}
