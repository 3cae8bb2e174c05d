type Value = Readonly<Record<string, unknown>>;

/** `input` with `value` put at a place such as `Records[].Data`, `Tags.*` or `ShardFilter.Type`. */
export function putAt(input: Value, place: string, value: unknown): Value {
  const [name = "", rest] = headOf(place);
  return { ...input, [name]: rest === undefined ? value : putInside(input[name], rest, value) };
}

function putInside(present: unknown, rest: string, value: unknown): unknown {
  if (rest === "[]") return [value];
  if (rest.startsWith("[]."))
    return [putAt(structureOf(Array.isArray(present) ? present[0] : undefined), rest.slice(3), value)];
  if (rest === ".*") return { key: value };
  return putAt(structureOf(present), rest.slice(1), value);
}

/** `input` without the member at a place. */
export function removeAt(input: Value, place: string): Value {
  // JSON has no undefined: the member is not written.
  return putAt(input, place, undefined);
}

/** How the service prints a place: `records.1.member.data`, `shardFilter.type`. */
export function pathOf(place: string): string {
  return place
    .split(".")
    .map((part) => part.charAt(0).toLowerCase() + part.slice(1))
    .join(".")
    .replaceAll("[]", ".1.member");
}

function headOf(place: string): readonly [string, string | undefined] {
  const [, name = "", rest = ""] = /^([A-Za-z0-9]+)(.*)$/.exec(place) ?? [];
  return [name, rest === "" ? undefined : rest];
}

function structureOf(present: unknown): Value {
  return typeof present === "object" && present !== null && !Array.isArray(present) ? (present as Value) : {};
}
