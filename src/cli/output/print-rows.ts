import { CommandError } from "./command-error.ts";
import { writeOut } from "./stdout.ts";

export const outputFormats = ["text", "json", "ndjson"] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** One row of a list: what JSON shows, under the names of the columns. */
export type Row = Readonly<Record<string, unknown>>;

export interface OutputOptions {
  readonly format?: string;
  readonly json?: boolean;
}

/** `--json` is short for `--format json`. */
export function formatOf({ format = "text", json }: OutputOptions): OutputFormat {
  if (json === true) return "json";
  const found = outputFormats.find((each) => each === format);
  if (found === undefined) throw new CommandError(`--format ${format}: must be ${outputFormats.join(", ")}`);
  return found;
}

/** A table with the names of the columns above; one JSON array; or one JSON object a line. */
export async function printRows(rows: readonly Row[], columns: readonly string[], format: OutputFormat): Promise<void> {
  if (format === "json") await writeOut(`${JSON.stringify(rows, undefined, 2)}\n`);
  else if (format === "ndjson") await writeOut(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  else if (rows.length > 0) await writeOut(tableOf(rows, columns));
}

/** A line for each member; or one JSON object. */
export async function printObject(object: Row, format: OutputFormat): Promise<void> {
  if (format === "json") return writeOut(`${JSON.stringify(object, undefined, 2)}\n`);
  if (format === "ndjson") return writeOut(`${JSON.stringify(object)}\n`);
  const names = Object.keys(object).filter((name) => object[name] !== undefined);
  const width = Math.max(...names.map((name) => name.length));
  await writeOut(names.map((name) => `${name.padEnd(width)}  ${cellOf(object[name])}\n`).join(""));
}

function tableOf(rows: readonly Row[], columns: readonly string[]): string {
  const lines = [
    columns.map((column) => column.toUpperCase()),
    ...rows.map((row) => columns.map((c) => cellOf(row[c]))),
  ];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, index) => cell.padEnd(widths[index] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

function cellOf(value: unknown): string {
  if (value === undefined || value === null || value === "") return "-";
  if (Array.isArray(value)) return value.length === 0 ? "-" : value.map(cellOf).join(", ");
  if (typeof value === "object") {
    const pairs = Object.entries(value).map(([name, each]) => `${name}=${cellOf(each)}`);
    return pairs.length === 0 ? "-" : pairs.join(", ");
  }
  return String(value);
}
