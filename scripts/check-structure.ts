/**
 * Checks the structure of the tree: modules import downwards only, every file is reachable, named and sized as
 * CONTRIBUTING.md asks, and each unit test has the path of its source, tests
 * share code through test/support. Prints one line for each fault; exits 1 if there is one.
 */
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { readTree, type Tree } from "./read-tree.ts";

/**
 * The modules, from the top layer to the bottom one. A module imports itself and the modules of lower lines; modules of one
 * line do not import each other. A file belongs to the module with the longest matching path, so that a single file may be
 * a module of its own.
 */
export const layers: readonly (readonly string[])[] = [
  ["src/cli"],
  ["src/cli/commands"],
  ["src/cli/doctor", "src/cli/reading", "src/cli/writing"],
  ["src/cli/client", "src/cli/records"],
  ["src/cli/output"],
  ["src/app"],
  ["src/server/pipeline"],
  ["src/server/console", "src/server/dev"],
  ["src/server/http"],
  ["src/server/tls"],
  ["src/auth", "src/protocol", "src/cloudwatch"],
  ["src/protocol/event-stream"],
  ["src/protocol/json", "src/protocol/cbor"],
  ["src/protocol/records"],
  ["src/protocol/codec"],
  ["src/operations/table.ts"],
  ["src/operations/records", "src/operations/streams"],
  [
    "src/operations/account",
    "src/operations/channels",
    "src/operations/consumers",
    "src/operations/policies",
    "src/operations/queues",
    "src/operations/shards",
    "src/operations/tags",
  ],
  ["src/operations"],
  ["src/background"],
  ["src/copying"],
  ["src/queues", "src/channels"],
  ["src/channels/table"],
  ["src/channels/bucket"],
  ["src/channels/batch", "src/channels/places"],
  ["src/queues/log"],
  ["src/queues/state"],
  ["src/shards"],
  ["src/registry", "src/gateways"],
  ["src/limits"],
  ["src/records", "src/keys"],
  ["src/streams/scaling"],
  ["src/streams/policy", "src/streams/resharding", "src/streams/tokens"],
  ["src/streams/positions", "src/streams/hash-keys"],
  ["src/streams"],
  ["src/model"],
  ["src/engine/embedded/offline"],
  ["src/engine/embedded", "src/engine/memory", "src/engine/jetstream"],
  ["src/engine/embedded/recovery"],
  ["src/engine/embedded/compaction", "src/engine/embedded/reading"],
  ["src/engine/embedded/wal", "src/engine/embedded/segments"],
  ["src/engine/embedded/state"],
  ["src/engine/embedded/directory"],
  ["src/engine/embedded/format"],
  ["src/engine/embedded/io", "src/engine/jetstream/log"],
  ["src/engine/jetstream/documents"],
  ["src/engine/jetstream/api"],
  ["src/engine/jetstream/format"],
  ["src/engine"],
  ["src/telemetry/otlp"],
  ["src/cipher", "src/config", "src/telemetry", "src/time"],
  ["src/collections", "src/memory", "src/platform"],
];
/** What an engine may import besides itself and the engine interface. */
const belowEngines: readonly string[] = ["cipher", "collections", "config", "memory", "platform", "telemetry", "time"];
/** The only files that may import a concrete engine. */
const compositionRoots: ReadonlySet<string> = new Set([
  "src/app/start-server.ts",
  "src/app/cluster-tools.ts",
  "src/app/copy-data.ts",
  "src/app/data-directory-tools.ts",
  "src/app/create-key-provider.ts",
]);
const entryPoints: readonly string[] = ["src/cli/cli.ts", "src/app/package-entry.ts"];
const modules: readonly string[] = layers.flat().sort((a, b) => b.length - a.length);
const filesPerFolderMax = 25;
const linesMax = 400;
const headerLines = 10;
// As a whole name or at its end: `service-error.ts` is about the service that AWS runs.
const bannedNames = /(^|[-/])(utils?|helpers?|common|misc|managers?|service)(?=[./]|$)/;
export function findFaults(tree: Tree): readonly string[] {
  const source = [...tree.keys()].filter((path) => path.startsWith("src/") && path.endsWith(".ts"));
  const imports = new Map(source.map((path) => [path, importsOf(path, tree.get(path) ?? "")]));
  const reachable = reachableFiles(imports);
  return [
    ...source.flatMap((path) => (imports.get(path) ?? []).flatMap((target) => importFaults(path, target, tree))),
    ...[...tree.keys()].flatMap((path) => testImportFaults(path, tree)),
    ...source.filter((path) => !reachable.has(path)).map((path) => `${path}: nothing imports it`),
    ...[...tree.keys()].filter((path) => bannedNames.test(path)).map((path) => `${path}: a name that says nothing`),
    ...[...tree].flatMap(([path, text]) => sizeFaults(path, text)),
    ...[...tree.keys()].flatMap((path) => mirrorFaults(path, tree)),
    ...folderFaults(tree),
  ];
}

function importsOf(path: string, text: string): readonly string[] {
  const specifiers = text.matchAll(/(?:from|import|import\()\s*"(\.[^"]+)"/g);
  return [...specifiers].map(([, specifier = ""]) => normalize(join(dirname(path), specifier)).replaceAll("\\", "/"));
}

/** The module that a file belongs to; undefined outside of all modules. */
function moduleOf(path: string): string | undefined {
  return modules.find((module) => path === module || path.startsWith(`${module}/`));
}

function layerOf(module: string): number {
  return layers.findIndex((layer) => layer.includes(module));
}

/** `memory` for `src/engine/memory/…`; the interfaces in `src/engine/` itself belong to no engine. */
function engineOf(path: string): string | undefined {
  return /^src\/engine\/([^/]+)\//.exec(path)?.[1];
}

function importFaults(path: string, target: string, tree: Tree): readonly string[] {
  if (!tree.has(target)) return target.startsWith("src/") ? [`${path}: imports ${target}, which does not exist`] : [];
  const [from, to] = [moduleOf(path), moduleOf(target)];
  if (from === undefined) return [`${path}: belongs to no module of the list`];
  if (to === undefined) return [`${path}: imports ${target}, which belongs to no module of the list`];
  const faults: string[] = [];
  if (from !== to && layerOf(to) <= layerOf(from)) {
    faults.push(`${path}: ${from} may not import ${to}, ${target}`);
  }
  const [, folder = ""] = target.split("/");
  if (path.startsWith("src/engine/") && folder !== "engine" && !belowEngines.includes(folder)) {
    faults.push(`${path}: an engine may not import ${target}`);
  }
  const engine = engineOf(target);
  if (engine !== undefined && engineOf(path) !== engine && !compositionRoots.has(path)) {
    faults.push(`${path}: only a composition root may import the engine ${engine}, ${target}`);
  }
  return faults;
}

/** `test/unit`, `test/system/crash`: tests that may share code; undefined outside of the tests. */
function testGroupOf(path: string): string | undefined {
  return /^(?:test\/(?:system|property)\/[^/]+|test\/[^/]+|conformance)(?=\/)/.exec(path)?.[0];
}

/** Groups of tests share code through `test/support` only, and that imports no group. The conformance suite imports itself. */
function testImportFaults(path: string, tree: Tree): readonly string[] {
  const group = testGroupOf(path);
  if (group === undefined || !path.endsWith(".ts")) return [];
  const targets = importsOf(path, tree.get(path) ?? "").filter((target) => tree.has(target));
  const wrong = targets.filter((target) => {
    const other = testGroupOf(target);
    if (other === group) return false;
    if (group === "conformance") return true;
    return (
      other !== undefined && other !== "test/support" && !(group === "test/conformance" && other === "conformance")
    );
  });
  return wrong.map((target) => `${path}: ${group} may not import ${target}`);
}

/** Folders of `src` with more hand-written files than a reader can take in. */
function folderFaults(tree: Tree): readonly string[] {
  const counts = new Map<string, number>();
  for (const path of tree.keys()) {
    if (!path.startsWith("src/") || !path.endsWith(".ts") || path.endsWith(".generated.ts")) continue;
    counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  }
  const full = [...counts].filter(([, count]) => count > filesPerFolderMax);
  return full.map(([folder, count]) => `${folder}: ${count} files, at most ${filesPerFolderMax}`);
}

function reachableFiles(imports: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const reached = new Set<string>(entryPoints);
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

function mirrorFaults(path: string, tree: Tree): readonly string[] {
  const [, name] = /^test\/unit\/(.+)\.test\.ts$/.exec(path) ?? [];
  if (name === undefined) return [];
  const mirrored = [`src/${name}.ts`, `${name}.ts`, `${name}.mjs`];
  return mirrored.some((source) => tree.has(source)) ? [] : [`${path}: there is no src/${name}.ts for it to test`];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const faults = findFaults(readTree(join(import.meta.dirname, "..")));
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
