/**
 * Checks that the number of long and of complex functions never rises. biome.json has the bounds (lines of a function,
 * cognitive complexity); `complexity-counts.json` has how many functions of each folder are over them. A number that has
 * fallen is written into that file, to be committed; one that has risen makes the check fail.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const rules = ["noExcessiveCognitiveComplexity", "noExcessiveLinesPerFunction"] as const;
type RuleName = (typeof rules)[number];

/** Top folder → rule → functions over the bound. A folder or rule that is absent has none. */
export type Counts = Readonly<Record<string, Readonly<Partial<Record<RuleName, number>>>>>;

export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly rule: RuleName;
  readonly message: string;
}

/** What `biome lint --reporter=json` prints, as far as it is read here. */
interface BiomeReport {
  readonly diagnostics: readonly {
    readonly category: string;
    readonly message: string;
    readonly location: { readonly path: string; readonly start: { readonly line: number } };
  }[];
}

/** The findings of the two rules in the text that biome printed. Throws if it is no report. */
export function findingsOf(reportText: string): readonly Finding[] {
  const { diagnostics }: BiomeReport = JSON.parse(reportText);
  return diagnostics.flatMap(({ category, message, location }) => {
    const rule = rules.find((name) => category === `lint/complexity/${name}`);
    const path = location.path.replaceAll("\\", "/");
    return rule === undefined ? [] : [{ path, line: location.start.line, rule, message }];
  });
}

export interface Verdict {
  /** One line for each function of a folder and rule whose number has risen, after a line with both numbers. */
  readonly faults: readonly string[];
  /** The lower of the committed and the present numbers, in the order of their names. */
  readonly counts: Counts;
  readonly hasFallen: boolean;
}

export function compare(committed: Counts, findings: readonly Finding[]): Verdict {
  const faults: string[] = [];
  const counts: Record<string, Partial<Record<RuleName, number>>> = {};
  let hasFallen = false;
  const folders = new Set([...Object.keys(committed), ...findings.map(({ path }) => folderOf(path))]);
  for (const folder of [...folders].sort()) {
    for (const rule of rules) {
      const found = findings.filter((finding) => finding.rule === rule && folderOf(finding.path) === folder);
      const allowed = committed[folder]?.[rule] ?? 0;
      if (found.length > allowed) {
        faults.push(`${folder}: functions over the bound of ${rule}: ${found.length}, at most ${allowed}`);
        faults.push(...found.map(({ path, line, message }) => `  ${path}:${line}: ${message}`));
      }
      hasFallen ||= found.length < allowed;
      const count = Math.min(found.length, allowed);
      if (count > 0) counts[folder] = { ...counts[folder], [rule]: count };
    }
  }
  return { faults, counts, hasFallen };
}

function folderOf(path: string): string {
  return path.split("/", 1)[0] ?? path;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const countsPath = join(import.meta.dirname, "complexity-counts.json");
  const only = rules.map((rule) => `--only=complexity/${rule}`);
  const options = ["--reporter=json", "--max-diagnostics=none", "--diagnostic-level=info"];
  const { stdout } = spawnSync("biome", ["lint", ...only, ...options], { encoding: "utf8", maxBuffer: 2 ** 26 });
  const { faults, counts, hasFallen } = compare(JSON.parse(readFileSync(countsPath, "utf8")), findingsOf(stdout));
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  if (hasFallen) {
    writeFileSync(countsPath, `${JSON.stringify(counts, null, 2)}\n`);
    process.stdout.write(
      "Fewer functions are over the bounds: scripts/complexity-counts.json is lowered, commit it.\n",
    );
  }
  process.exitCode = faults.length === 0 ? 0 : 1;
}
