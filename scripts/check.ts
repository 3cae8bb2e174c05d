/** All checks of the tree that run nothing of it; CI runs the same. Continues after a failure, so that it lists all. */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

const root = join(import.meta.dirname, "..");
// As npm sets it for its scripts, so that this one also runs without npm.
const path = `${join(root, "node_modules", ".bin")}${delimiter}${process.env["PATH"] ?? ""}`;

function succeeds(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, PATH: path } }).status === 0;
}

/** Writes the generated files again; a file that this changes was out of date, and is right afterwards. */
function isGeneratedCodeCurrent(): boolean {
  const before = generatedFiles();
  const generators = ["generate-model", "build-wasm", "generate-cli-docs"];
  if (!generators.every((generator) => succeeds("node", `scripts/${generator}.ts`))) return false;
  const after = generatedFiles();
  const stale = [...new Set([...before.keys(), ...after.keys()])].filter(
    (file) => before.get(file) !== after.get(file),
  );
  for (const file of stale) process.stdout.write(`${file} was out of date and has been generated again\n`);
  return stale.length === 0;
}

function generatedFiles(): ReadonlyMap<string, string> {
  const files = globSync(["src/**/*.generated.ts", "docs/cli/*.md"], { cwd: root });
  return new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
}

const checks: readonly (readonly [string, () => boolean])[] = [
  ["generated code", isGeneratedCodeCurrent],
  ["types", () => succeeds("tsc", "-p", ".") && succeeds("tsc", "-p", "console")],
  ["lint and format", () => succeeds("biome", "check", "--error-on-warnings", "--diagnostic-level=warn")],
  ["structure", () => succeeds("node", "scripts/check-structure.ts")],
  ["words", () => succeeds("node", "scripts/check-words.ts")],
  ["complexity", () => succeeds("node", "scripts/check-complexity.ts")],
  ["names", () => succeeds("node", "scripts/check-names.ts")],
  ["dead code and dependencies", () => succeeds("knip", "--no-progress")],
  // With the product's entry points alone: what only tests use is dead.
  [
    "dead code but for tests",
    () => succeeds("knip", "--no-progress", "--production", "--config", "knip.production.json"),
  ],
];

const failed: string[] = [];
for (const [name, passes] of checks) {
  const startMs = performance.now();
  const passed = passes();
  if (!passed) failed.push(name);
  process.stdout.write(`${passed ? "ok  " : "FAIL"} ${name} (${Math.round(performance.now() - startMs)} ms)\n`);
}
if (failed.length > 0) process.stdout.write(`\ncheck failed: ${failed.join(", ")}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
