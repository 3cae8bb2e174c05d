interface OptionsProps {
  /** What a person reads, by the value. */
  readonly names: Readonly<Record<string, string>>;
}

/** The options of a `<select>`. */
export function Options({ names }: OptionsProps) {
  return (
    <>
      {Object.entries(names).map(([value, name]) => (
        <option key={value} value={value}>
          {name}
        </option>
      ))}
    </>
  );
}
