/** JSON in which integers that a double cannot hold are `bigint`, as the ids of snapshots may be. */

type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** Always `bigint`, so that they can be compared. */
const idNames: ReadonlySet<string> = new Set(["snapshot-id", "parent-snapshot-id", "current-snapshot-id"]);

export function parseLossless(text: string): unknown {
  const revive: SourceReviver = (key, value, { source }) => {
    if (typeof value !== "number" || source === undefined || !Number.isInteger(value)) return value;
    return idNames.has(key) || (!Number.isSafeInteger(value) && /^-?\d+$/.test(source)) ? BigInt(source) : value;
  };
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown);
}

export function stringifyLossless(value: unknown): string {
  const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === "bigint" ? rawJSON(String(each)) : each));
}
