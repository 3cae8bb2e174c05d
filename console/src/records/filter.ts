/** Which records a list shows. */
export type Filter =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "key"; readonly text: string }
  | { readonly kind: "regex"; readonly source: string }
  | { readonly kind: "path"; readonly path: readonly string[]; readonly operator: Operator; readonly value: unknown };

export type FilterKind = Filter["kind"];

type Operator = "==" | "!=" | ">=" | "<=" | ">" | "<" | "~" | "exists";

/** What a filter looks at. */
export interface Subject {
  readonly partitionKey: string;
  /** The data as text; empty for binary data. */
  readonly text: string;
  /** The data as JSON, where it is. */
  readonly value?: unknown;
}

const pathPattern = /^\$?\.?([\w$@-]+(?:\.[\w$@-]+|\[\d+\])*)\s*(?:(==|!=|>=|<=|>|<|=|~)\s*(.+))?$/;

/** A filter of what a person has typed; undefined for nothing; or what is wrong with it, as a sentence. */
export function parseFilter(kind: FilterKind, typed: string): Filter | undefined | { readonly problem: string } {
  const text = typed.trim();
  if (text === "") return undefined;
  switch (kind) {
    case "text":
    case "key":
      return { kind, text };
    case "regex":
      return parseRegex(text);
    case "path":
      return parsePath(text);
  }
}

function parseRegex(source: string): Filter | { readonly problem: string } {
  try {
    new RegExp(source, "u");
    return { kind: "regex", source };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

function parsePath(text: string): Filter | { readonly problem: string } {
  const [, path, operator = "exists", value = ""] = pathPattern.exec(text) ?? [];
  if (path === undefined)
    return { problem: 'Write a path and a comparison, such as order.total > 100 or status == "paid".' };
  const steps = path.split(/[.[\]]+/).filter((step) => step !== "");
  return {
    kind: "path",
    path: steps,
    operator: operator === "=" ? "==" : (operator as Operator),
    value: parseValue(value),
  };
}

/** `paid` without quotes is a text. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A function that tells whether a record matches. */
export function matcherOf(filter: Filter): (subject: Subject) => boolean {
  switch (filter.kind) {
    case "text": {
      const wanted = filter.text.toLowerCase();
      return ({ text, partitionKey }) =>
        text.toLowerCase().includes(wanted) || partitionKey.toLowerCase().includes(wanted);
    }
    case "key":
      return ({ partitionKey }) => partitionKey === filter.text || partitionKey.startsWith(filter.text);
    case "regex": {
      const pattern = new RegExp(filter.source, "u");
      return ({ text }) => pattern.test(text);
    }
    case "path":
      return ({ value }) => compare(valueAt(value, filter.path), filter.operator, filter.value);
  }
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[step];
  }
  return at;
}

function compare(found: unknown, operator: Operator, wanted: unknown): boolean {
  if (found === undefined) return false;
  switch (operator) {
    case "exists":
      return true;
    case "==":
      return String(found) === String(wanted);
    case "!=":
      return String(found) !== String(wanted);
    case "~":
      return String(found).toLowerCase().includes(String(wanted).toLowerCase());
    case ">":
      return Number(found) > Number(wanted);
    case "<":
      return Number(found) < Number(wanted);
    case ">=":
      return Number(found) >= Number(wanted);
    case "<=":
      return Number(found) <= Number(wanted);
  }
}
