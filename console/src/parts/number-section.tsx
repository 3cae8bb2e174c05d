import { useState } from "preact/hooks";
import { isReadOnly } from "../api/console-data.ts";
import { Form } from "./form.tsx";
import { Fault } from "./notice.tsx";

interface NumberSectionProps {
  readonly title: string;
  /** What is in force, as a sentence. */
  readonly now: string;
  /** What the number counts. */
  readonly unit: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  /** What a change to the number would mean. */
  readonly hint?: (next: number) => string | undefined;
  readonly isBusy: boolean;
  readonly fault: string | undefined;
  readonly onChange: (next: number) => void;
}

/** A setting that is a number. */
export function NumberSection(props: NumberSectionProps) {
  const { title, now, unit, value, min, max, hint, isBusy, fault, onChange } = props;
  // The server's value is shown until a person types another one.
  const [typed, setTyped] = useState<number>();
  const next = typed ?? value;
  const hintText = next === value ? undefined : hint?.(next);
  return (
    <section>
      <h2>{title}</h2>
      <p>{now}</p>
      {!isReadOnly() && (
        <Form
          class="inline"
          onSubmit={() => {
            onChange(next);
            setTyped(undefined);
          }}
        >
          <label>
            {unit}
            <input
              type="number"
              required
              min={min}
              max={max}
              value={next}
              onInput={(event) => setTyped(event.currentTarget.valueAsNumber)}
            />
          </label>
          <button type="submit" disabled={isBusy || next === value}>
            Change
          </button>
          {hintText !== undefined && <p class="hint">{hintText}</p>}
        </Form>
      )}
      {fault !== undefined && <Fault>{fault}</Fault>}
    </section>
  );
}
