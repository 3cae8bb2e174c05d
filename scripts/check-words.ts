/**
 * Checks the words of code, comments and documents: pronouns that name no subject, comments that begin with a bare "Of" or
 * mark a hot path, paths of one machine, host names of package registries. Prints one line for each fault; exits 1 if there
 * is one.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readTree, type Tree } from "./read-tree.ts";

interface Rule {
  /** What is wrong, before the text that was found. */
  readonly fault: string;
  readonly pattern: RegExp;
}

const pronoun: Rule = {
  fault: "word that names no subject",
  pattern: /\b(?:whoever|somebody|anybody|nobody|anew)\b/gi,
};
// At the start of a comment, not of a later line of it.
const bareOf: Rule = {
  fault: 'comment that begins with "Of"',
  pattern: /\/\*\*?[\s*]*Of\b|(?<!\/\/[^\n]*\n\s*)\/\/ Of\b/g,
};
const hotPath: Rule = { fault: "marker without information", pattern: /\/\/ Hot path\b/g };
const machinePath: Rule = { fault: "path of one machine", pattern: /(?<![\w.])\/(?:work|root|home\/\w+)\//g };
// A package source is named by its tool (npm, pip, cargo, go, mvn): each machine has its own host for it.
const registryHost: Rule = {
  fault: "host name of a package registry",
  pattern:
    /https?:\/\/[^/\s"']*(?:registry|artifactory|nexus|mirror)[^/\s"']*|\b(?:npmjs\.(?:org|com)|crates\.io|pypi\.org|pythonhosted\.org|repo1?\.maven\.[\w.]+|(?:proxy|sum)\.golang\.org|rubygems\.org|nuget\.org|deb\.debian\.org|docker\.io|ghcr\.io|quay\.io)\b/gi,
};

const rules: readonly Rule[] = [pronoun, bareOf, hotPath, machinePath, registryHost];

export function findWordFaults(tree: Tree): readonly string[] {
  // This file has to contain what it looks for.
  const files = [...tree].filter(([path]) => path !== "scripts/check-words.ts");
  return files.flatMap(([path, text]) => rules.flatMap((rule) => faultsOf(rule, path, text)));
}

function faultsOf(rule: Rule, path: string, text: string): readonly string[] {
  return [...text.matchAll(rule.pattern)].map((found) => {
    const line = text.slice(0, found.index).split("\n").length;
    return `${path}:${line}: ${rule.fault}, ${found[0]}`;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const faults = findWordFaults(readTree(join(import.meta.dirname, "..")));
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
