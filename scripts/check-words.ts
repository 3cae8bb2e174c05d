/**
 * Checks the words of code, comments and documents: no path of one machine, no host name of a package registry. Prints one
 * line for each fault; exits 1 if there is one.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readTree, type Tree } from "./read-tree.ts";

interface Rule {
  readonly fault: string;
  readonly pattern: RegExp;
}

const machinePath: Rule = { fault: "path of one machine", pattern: /(?<![\w.])\/(?:work|root|home\/\w+)\//g };
// A package source is named by its tool (npm, pip, cargo, go, mvn): each machine has its own host for it.
const registryHost: Rule = {
  fault: "host name of a package registry",
  pattern:
    /https?:\/\/[^/\s"']*(?:registry|artifactory|nexus|mirror)[^/\s"']*|[\w.-]*\b(?:npmjs\.(?:org|com)|crates\.io|pypi\.org|pythonhosted\.org|repo1?\.maven\.[\w.]+|(?:proxy|sum)\.golang\.org|rubygems\.org|nuget\.org|deb\.debian\.org|docker\.io|ghcr\.io|quay\.io)\b/gi,
};

export function findWordFaults(tree: Tree): readonly string[] {
  return [...tree].flatMap(([path, text]) => [machinePath, registryHost].flatMap((rule) => faultsOf(rule, path, text)));
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
