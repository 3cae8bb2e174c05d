/** The fenced code blocks of the documents, as a reader finds them. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Snippet {
  /** `README.md: One minute with the AWS CLI 1`: the document, the heading above, and which block below that heading. */
  readonly name: string;
  readonly line: number;
  /** `sh`, `js`, …; empty if the block does not say. */
  readonly language: string;
  readonly code: string;
  /** The reason that `<!-- not run: … -->` gives on the line before the block. */
  readonly notRun?: string;
}

export const root = join(import.meta.dirname, "../../..");
const documentPatterns = ["*.md", "docs/**/*.md", "conformance/*.md"];
const fence = /^ *```(?<language>\S*) *$/;
const mark = /^<!-- not run: (?<reason>.+) -->$/;

/** Paths from the project's folder. */
export function documents(): readonly string[] {
  return globSync(documentPatterns, { cwd: root })
    .map((path) => path.replaceAll("\\", "/"))
    .sort();
}

export function snippetsIn(path: string): readonly Snippet[] {
  return parseSnippets(path, readFileSync(join(root, path), "utf8"));
}

export function parseSnippets(path: string, text: string): readonly Snippet[] {
  const lines = text.split("\n");
  const snippets: Snippet[] = [];
  let heading = "";
  let countBelowHeading = 0;
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? "";
    if (/^#+ /.test(line)) {
      heading = line.replace(/^#+ /, "");
      countBelowHeading = 0;
    }
    const language = fence.exec(line)?.groups?.["language"];
    if (language === undefined) continue;
    const end = lines.findIndex((other, at) => at > index && /^ *```$/.test(other));
    if (end < 0) throw new Error(`${path}:${index + 1}: a block without an end`);
    countBelowHeading++;
    const notRun = mark.exec(lines[index - 1] ?? "")?.groups?.["reason"];
    snippets.push({
      name: `${path}: ${heading} ${countBelowHeading}`,
      line: index + 1,
      language,
      code: lines.slice(index + 1, end).join("\n"),
      ...(notRun === undefined ? {} : { notRun }),
    });
    index = end;
  }
  return snippets;
}
