/**
 * Checks names: no exported one has a private word in it, and the name of a test fits into a line of a terminal. Prints one
 * line for each fault; exits 1 if there is one.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readTree, type Tree } from "./read-tree.ts";

/** Metaphors that have a standard term; as the beginning of a word inside a camelCase name. */
const bannedNames =
  /^(?:house|room|door|seat|shelf|shelves|sheaf|sheaves|workshop|roster|rehears|ledger|grave|stranger|weather)/;
const exports = /^export (?:declare |abstract |async )*(?:class|function\*?|const|let|interface|type) (?<name>\w+)/gm;

/** Characters. */
const testNameMax = 110;
const testNames = /\b(?:test|it|describe|\w+Test)\(\s*(?:"(?<plain>(?:[^"\\]|\\.)*)"|`(?<template>[^`]*)`)/g;

export function findNameFaults(tree: Tree): readonly string[] {
  return [...tree].flatMap(([path, text]) =>
    path.endsWith(".ts") ? [...exportFaults(path, text), ...testNameFaults(path, text)] : [],
  );
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
