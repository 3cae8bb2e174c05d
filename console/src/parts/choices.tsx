interface ChoicesProps<Name extends string | number> {
  readonly label: string;
  readonly names: readonly (readonly [Name, string])[];
  readonly chosen: Name;
  readonly onChoose: (name: Name) => void;
}

/** Buttons of which one is chosen. */
export function Choices<Name extends string | number>({ label, names, chosen, onChoose }: ChoicesProps<Name>) {
  return (
    <fieldset class="forms" aria-label={label}>
      {names.map(([name, text]) => (
        <button key={name} type="button" aria-pressed={chosen === name} onClick={() => onChoose(name)}>
          {text}
        </button>
      ))}
    </fieldset>
  );
}
