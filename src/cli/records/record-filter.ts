import { CommandError } from "../output/command-error.ts";
import { textOf } from "./format-record.ts";
import type { StreamRecord } from "./stream-record.ts";

export interface FilterOptions {
  readonly grep?: string;
  readonly ignoreCase?: boolean;
  readonly invert?: boolean;
  readonly key?: readonly string[];
}

/** Records whose data matches --grep, and whose partition key is one of --key. */
export function recordFilter(options: FilterOptions): (record: StreamRecord) => boolean {
  const { grep, ignoreCase = false, invert = false, key } = options;
  const pattern = grep === undefined ? undefined : parsePattern(grep, ignoreCase);
  const keys = key === undefined ? undefined : new Set(key);
  return ({ partitionKey, data }) => {
    if (keys !== undefined && !keys.has(partitionKey)) return false;
    return pattern === undefined || pattern.test(textOf(data)) !== invert;
  };
}

function parsePattern(text: string, ignoreCase: boolean): RegExp {
  try {
    return new RegExp(text, ignoreCase ? "ui" : "u");
  } catch (error) {
    throw new CommandError(`--grep ${text}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
