/**
 * Checks the house: rooms import downwards only, every file is reachable, named and sized as CONTRIBUTING.md asks, and
 * each unit test stands where its source does. Prints one line a fault and exits 1 if there is any.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

/** Path from the project's folder, with slashes → text. */
export type Tree = ReadonlyMap<string, string>;

/** From the street door to the cellar. Rooms on one line do not know each other. */
const floors: readonly (readonly string[])[] = [
  ["main", "cli"],
  ["server"],
  ["auth", "protocol"],
  ["operations"],
  ["upkeep"],
  ["shards"],
  ["directory"],
  ["limits"],
  ["records", "keys"],
  ["engine"],
  ["streams"],
  ["model"],
  ["cipher", "config", "telemetry", "time"],
  ["memory"],
];
const cellar: readonly string[] = ["cipher", "config", "memory", "telemetry", "time"];
/** Composition roots: they alone may name concrete engines. */
const roots: ReadonlySet<string> = new Set(["src/main.ts", "src/data-tools.ts"]);
const entrances: readonly string[] = ["src/cli/cli.ts", "src/millrace.ts"];
const linesMax = 400;
const headerLines = 10;
// As a whole name or at its end: `service-error.ts` is about the service that AWS runs.
const bannedNames = /(^|[-/])(utils?|helpers?|common|misc|managers?|services?)(?=[./]|$)/;
// Paths of somebody's machine mean nothing on another one.
const bannedWords: readonly RegExp[] = [/(?<![\w.])\/(work|root|home\/\w+)\//];

export function findFaults(tree: Tree): readonly string[] {
  const source = [...tree.keys()].filter((path) => path.startsWith("src/") && path.endsWith(".ts"));
  const imports = new Map(source.map((path) => [path, importsOf(path, tree.get(path) ?? "")]));
  const reachable = reachableFiles(imports);
  return [
    ...source.flatMap((path) => (imports.get(path) ?? []).flatMap((target) => wallFaults(path, target, tree))),
    ...source.filter((path) => !reachable.has(path)).map((path) => `${path}: nothing imports it`),
    ...[...tree.keys()].filter((path) => bannedNames.test(path)).map((path) => `${path}: a name that says nothing`),
    ...[...tree].flatMap(([path, text]) => [...sizeFaults(path, text), ...wordFaults(path, text)]),
    ...[...tree.keys()].flatMap((path) => mirrorFaults(path, tree)),
  ];
}

function importsOf(path: string, text: string): readonly string[] {
  const specifiers = text.matchAll(/(?:from|import|import\()\s*"(\.[^"]+)"/g);
  return [...specifiers].map(([, specifier = ""]) => normalize(join(dirname(path), specifier)).replaceAll("\\", "/"));
}

/** Files in src/ itself belong to the top floor. */
function roomOf(path: string): string {
  const [top = "", room = "", file] = path.split("/");
  if (top !== "src") return top;
  return file === undefined ? "main" : room;
}

/** `memory` for `src/engine/memory/…`; files in `src/engine/` itself are the interfaces and belong to no sibling. */
function engineSiblingOf(path: string): string | undefined {
  return /^src\/engine\/([^/]+)\//.exec(path)?.[1];
}

function wallFaults(path: string, target: string, tree: Tree): readonly string[] {
  if (!tree.has(target)) return target.startsWith("src/") ? [`${path}: imports ${target}, which does not exist`] : [];
  const [from, to] = [roomOf(path), roomOf(target)];
  const fromFloor = floors.findIndex((rooms) => rooms.includes(from));
  const toFloor = floors.findIndex((rooms) => rooms.includes(to));
  const faults: string[] = [];
  if (fromFloor < 0) faults.push(`${path}: there is no room ${JSON.stringify(from)}`);
  if (toFloor < 0) faults.push(`${path}: imports ${target}, which is outside the house`);
  // cli starts main; the package's own entrance stands beside it.
  const isSameFloor = from === to || (fromFloor === 0 && toFloor === 0);
  if (toFloor >= 0 && !isSameFloor && toFloor <= fromFloor)
    faults.push(`${path}: room ${from} imports ${to}, ${target}`);
  if (from === "engine" && to !== "engine" && !cellar.includes(to))
    faults.push(`${path}: engines may not know ${target}`);
  const sibling = engineSiblingOf(target);
  if (sibling !== undefined && engineSiblingOf(path) !== sibling && !roots.has(path)) {
    faults.push(`${path}: only main.ts may name the engine ${sibling}, ${target}`);
  }
  return faults;
}

function reachableFiles(imports: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const reached = new Set<string>(entrances);
  // A set may grow while it is walked; each file is visited once.
  for (const path of reached) for (const target of imports.get(path) ?? []) reached.add(target);
  return reached;
}

function sizeFaults(path: string, text: string): readonly string[] {
  if (!path.endsWith(".ts") || path.endsWith(".generated.ts")) return [];
  const lines = text.split("\n");
  const hasReason = lines.slice(0, headerLines).some((line) => line.includes("Long because:"));
  const lineCount = lines.length - 1;
  if (lineCount <= linesMax || hasReason) return [];
  return [`${path}: ${lineCount} lines; say "Long because: ..." at the top, or let it be two files`];
}

function wordFaults(path: string, text: string): readonly string[] {
  return bannedWords.flatMap((word) => {
    const [found] = word.exec(text) ?? [];
    return found === undefined ? [] : [`${path}: names a path of one machine, ${found}`];
  });
}

function mirrorFaults(path: string, tree: Tree): readonly string[] {
  const [, name] = /^test\/unit\/(.+)\.test\.ts$/.exec(path) ?? [];
  if (name === undefined) return [];
  const mirrored = [`src/${name}.ts`, `${name}.ts`, `${name}.mjs`];
  return mirrored.some((source) => tree.has(source)) ? [] : [`${path}: there is no src/${name}.ts for it to test`];
}

function readTree(root: string): Tree {
  const patterns = ["*.{md,json}", "{src,test,scripts,bench,interop,docs,.ci}/**/*.{ts,mjs,md,json,sh}"];
  const files = globSync(patterns, { cwd: root, exclude: ["**/node_modules/**"] }).map((file) =>
    file.replaceAll("\\", "/"),
  );
  return new Map(files.sort().map((file) => [file, readFileSync(join(root, file), "utf8")]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const faults = findFaults(readTree(join(import.meta.dirname, "..")));
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
