/**
 * A real text file of more than 10,000 lines that every clone has: the type declarations of Node, which are English prose
 * as much as code, hold lines of 1 to some hundred bytes, tabs, quotes, backslashes and letters beyond ASCII.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface TextLines {
  /** Each with its line feed, so that joined they are the file again. */
  readonly lines: readonly string[];
  /** In hex, of the whole text in UTF-8. */
  readonly sha256: string;
}

const sourceDirectory = join(import.meta.dirname, "../../node_modules/@types/node");

/** The first `lineCount` lines of the text, the same in every run. */
export function textLines(lineCount: number): TextLines {
  const lines: string[] = [];
  for (const name of readdirSync(sourceDirectory).sort()) {
    if (lines.length >= lineCount) break;
    if (name.endsWith(".d.ts")) lines.push(...readFileSync(join(sourceDirectory, name), "utf8").split(/(?<=\n)/));
  }
  if (lines.length < lineCount) throw new Error(`there are only ${lines.length} lines of text, not ${lineCount}`);
  const chosen = lines.slice(0, lineCount);
  return { lines: chosen, sha256: sha256Of(chosen) };
}

export function sha256Of(lines: readonly string[]): string {
  const hash = createHash("sha256");
  for (const line of lines) hash.update(line);
  return hash.digest("hex");
}
