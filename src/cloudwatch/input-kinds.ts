import { CloudWatchError, type CloudWatchErrorCode } from "./cloudwatch-error.ts";

/** What is wrong with an input, by member as CloudWatch names it: `MetricData.member.1.Value`. */
interface InputFaults {
  readonly missing: string[];
  readonly wrong: string[];
}

/**
 * Reads one member of an input. The value comes from any of the three protocols, so a number may be a text, and a time a text
 * or seconds since the epoch. Undefined where it is absent, or not of the kind, which is then among the faults.
 */
export type InputKind<Value> = (value: unknown, path: string, faults: InputFaults) => Value | undefined;

export const text: InputKind<string> = (value, path, faults) => {
  if (typeof value === "string") return value;
  faults.wrong.push(`The value for parameter ${path} must be a string.`);
  return undefined;
};

export const number: InputKind<number> = (value, path, faults) => {
  const read = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof read === "number" && Number.isFinite(read)) return read;
  faults.wrong.push(`The value for parameter ${path} must be a number.`);
  return undefined;
};

export const boolean: InputKind<boolean> = (value, path, faults) => {
  if (value === true || value === "true") return true;
  if (value === false || value === "false") return false;
  faults.wrong.push(`The value for parameter ${path} must be true or false.`);
  return undefined;
};

/** Milliseconds since the epoch. */
export const time: InputKind<number> = (value, path, faults) => {
  const isSeconds = typeof value === "number" || (typeof value === "string" && /^\d+(\.\d+)?$/.test(value));
  const read = isSeconds ? Number(value) * 1_000 : typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Math.abs(read) <= 8.64e15) return read;
  faults.wrong.push(`The value for parameter ${path} must be a timestamp.`);
  return undefined;
};

export function list<Item>(item: InputKind<Item>): InputKind<readonly Item[]> {
  return (value, path, faults) => {
    // An empty list in the Query protocol.
    if (value === "") return [];
    if (!Array.isArray(value)) {
      faults.wrong.push(`The value for parameter ${path} must be a list.`);
      return undefined;
    }
    const items: Item[] = [];
    for (const [i, each] of value.entries()) {
      const read = item(each, `${path}.member.${i + 1}`, faults);
      if (read !== undefined) items.push(read);
    }
    return items;
  };
}

type Kinds<Values> = { readonly [Name in keyof Values]: InputKind<Values[Name]> };

/** Members that are not named are ignored, as by the service. */
export function structure<Required extends object, Optional extends object>(
  required: Kinds<Required>,
  optional: Kinds<Optional>,
): InputKind<Required & Partial<Optional>> {
  return (value, path, faults) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      faults.wrong.push(`The value for parameter ${path} must be a structure.`);
      return undefined;
    }
    const members = new Map<string, unknown>(Object.entries(value));
    const read: Record<string, unknown> = {};
    const readMember = (name: string, kind: InputKind<unknown>, isRequired: boolean): void => {
      const memberPath = path === "" ? name : `${path}.${name}`;
      const member = members.get(name);
      if (member !== undefined && member !== null) read[name] = kind(member, memberPath, faults);
      else if (isRequired) faults.missing.push(`The parameter ${memberPath} is required.`);
    };
    for (const [name, kind] of Object.entries<InputKind<unknown>>(required)) readMember(name, kind, true);
    for (const [name, kind] of Object.entries<InputKind<unknown>>(optional)) readMember(name, kind, false);
    return read as Required & Partial<Optional>;
  };
}

/** Throws a CloudWatchError that names all faults of a kind; `validation` where the operation has one code for all of them. */
export function readInput<Input>(kind: InputKind<Input>, input: unknown, validation?: CloudWatchErrorCode): Input {
  const faults: InputFaults = { missing: [], wrong: [] };
  const read = kind(input, "", faults);
  if (faults.missing.length > 0) {
    throw new CloudWatchError(validation ?? "MissingParameter", faults.missing.join("\n"));
  }
  if (read === undefined || faults.wrong.length > 0) {
    throw new CloudWatchError(validation ?? "InvalidParameterValue", faults.wrong.join("\n"));
  }
  return read;
}
