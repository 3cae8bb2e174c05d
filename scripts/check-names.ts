/**
 * Checks names: no exported one has a private word in it, the last word of each class is in the glossary, each name in the
 * glossary is in the code, and the name of a test fits into a line of a terminal. Prints one line for each fault; exits 1 if
 * there is one.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readTree, type Tree } from "./read-tree.ts";

/** Metaphors that have a standard term; as the beginning of a word inside a camelCase name. */
const bannedNames =
  /^(?:house|room|door|seat|shelf|shelves|sheaf|sheaves|workshop|roster|rehears|ledger|grave|stranger|weather)/;
const exports = /^export (?:declare |abstract |async )*(?:class|function\*?|const|let|interface|type) (?<name>\w+)/gm;

const glossaryPath = "docs/glossary.md";
const exportedClasses = /^export (?:abstract )?class (\w+)/gm;
const declarations = /^(?:export )?(?:declare |abstract |async )*(?:class|function\*?|const|interface|type) (\w+)/gm;
/** Characters. */
const testNameMax = 110;
const testNames = /\b(?:test|it|describe|\w+Test)\(\s*(?:"(?<plain>(?:[^"\\]|\\.)*)"|`(?<template>[^`]*)`)/g;

export function findNameFaults(tree: Tree): readonly string[] {
  const source = [...tree].filter(([path]) => path.endsWith(".ts"));
  return [
    ...source.flatMap(([path, text]) => [...exportFaults(path, text), ...testNameFaults(path, text)]),
    ...glossaryFaults(tree),
  ];
}

/** In both directions between the classes of `src` and docs/glossary.md. */
function glossaryFaults(tree: Tree): readonly string[] {
  const glossary = tree.get(glossaryPath);
  if (glossary === undefined) return [];
  const rows = glossary.split("\n").filter((line) => line.startsWith("| "));
  const terms = rows.flatMap((row) => (row.split("|")[1] ?? "").split(","));
  const heads = new Set(terms.map((term) => term.trim().split(/[\s-]/).at(-1)?.toLowerCase() ?? ""));
  const source = [...tree].filter(([path]) => path.startsWith("src/") && path.endsWith(".ts"));
  const declared = new Set(source.flatMap(([, text]) => [...text.matchAll(declarations)].map(([, name]) => name)));
  const unknown = source.flatMap(([path, text]) =>
    [...text.matchAll(exportedClasses)]
      .map(([, name = ""]) => name)
      .filter((name) => !isTerm(wordsOf(name).at(-1) ?? "", heads))
      .map((name) => `${path}: ${name}, whose last word is no term or role of ${glossaryPath}`),
  );
  const names = [...glossary.matchAll(/`([A-Z][a-z]\w+)`/g)].map(([, name = ""]) => name);
  const stale = [...new Set(names)].filter((name) => !declared.has(name));
  return [...unknown, ...stale.map((name) => `${glossaryPath}: ${name}, which src does not declare`)];
}

function isTerm(word: string, terms: ReadonlySet<string>): boolean {
  return terms.has(word) || terms.has(word.replace(/(?:es|s)$/, "")) || terms.has(word.replace(/s$/, ""));
}

function exportFaults(path: string, text: string): readonly string[] {
  const names = [...text.matchAll(exports)].map(({ groups }) => groups?.["name"] ?? "");
  const banned = names.filter((name) => wordsOf(name).some((word) => bannedNames.test(word)));
  return banned.map((name) => `${path}: exports ${name}, which has a private word for a standard term`);
}

function testNameFaults(path: string, text: string): readonly string[] {
  const names = [...text.matchAll(testNames)].map(({ groups }) => groups?.["plain"] ?? groups?.["template"] ?? "");
  const long = names.filter((name) => name.length > testNameMax);
  return long.map((name) => `${path}: a test name of ${name.length} characters, at most ${testNameMax}: ${name}`);
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
