/** Checks the exported names of the tree: none has a private word in it. Prints one line for each fault; exits 1 if there is one. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readTree, type Tree } from "./read-tree.ts";

/** Metaphors that have a standard term; as the beginning of a word inside a camelCase name. */
const bannedNames =
  /^(?:house|room|door|seat|shelf|shelves|sheaf|sheaves|workshop|roster|rehears|ledger|grave|stranger|weather)/;
const exports = /^export (?:declare |abstract |async )*(?:class|function\*?|const|let|interface|type) (?<name>\w+)/gm;

export function findNameFaults(tree: Tree): readonly string[] {
  return [...tree].flatMap(([path, text]) => (path.endsWith(".ts") ? namesOf(path, text) : []));
}

function namesOf(path: string, text: string): readonly string[] {
  const names = [...text.matchAll(exports)].map(({ groups }) => groups?.["name"] ?? "");
  const banned = names.filter((name) => wordsOf(name).some((word) => bannedNames.test(word)));
  return banned.map((name) => `${path}: exports ${name}, which has a private word for a standard term`);
}

/** `Sha256Thread` and `SHA_THREAD`: sha256, thread; sha, thread. */
function wordsOf(name: string): readonly string[] {
  return name.split(/_|(?<=[a-z0-9])(?=[A-Z])/).map((word) => word.toLowerCase());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const faults = findNameFaults(readTree(join(import.meta.dirname, "..")));
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
