/**
 * Writes what package.json says of the project (version, addresses, holder, name of the image) into the files that must repeat
 * it. Change package.json, run this before the commit, and read the diff:
 *
 *   npm run stamp
 */
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root, run } from "./support/run.ts";

interface Manifest {
  readonly version: string;
  readonly author: string;
  readonly homepage: string;
  readonly repository: { readonly url: string };
  readonly bugs: { readonly url: string; readonly email: string };
  readonly config: { readonly image: string };
}

/** The changelog repeats the version too, and is written by hand. */
const patterns = [
  "README.md",
  "LICENSE",
  "SECURITY.md",
  "docs/*.md",
  "docs/clients/*.md",
  "deploy/**/*",
  "packaging/helm/values/*",
];
const isWritten = /\.(md|ya?ml|json|js|py|toml|xml|java|go|rb|service|tf)$|LICENSE$/;

export function stampedFiles(): readonly string[] {
  const files = globSync(patterns, { cwd: root }).map((path) => path.replaceAll("\\", "/"));
  return files.filter((path) => isWritten.test(path) && !path.includes("node_modules")).sort();
}

/** The values, by name. */
function valuesOf({ version, author, homepage, repository, bugs, config }: Manifest): ReadonlyMap<string, string> {
  return new Map([
    // Before the address that it begins with.
    ["bugs.url", bugs.url],
    ["repository.url", repository.url.replace(/^git\+/, "")],
    ["homepage", homepage],
    ["bugs.email", bugs.email],
    ["author", author],
    ["config.image", config.image],
    ["version", version],
  ]);
}

export function currentValues(): ReadonlyMap<string, string> {
  return valuesOf(JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest);
}

/** `text` with each old value replaced by the new one. A version counts where no longer number or name contains it. */
export function stamp(text: string, old: ReadonlyMap<string, string>, values: ReadonlyMap<string, string>): string {
  let stamped = text;
  for (const [name, value] of values) {
    const before = old.get(name) ?? value;
    const isWhole = new RegExp(`(?<![\\dv.])${before.replaceAll(".", "\\.")}(?![\\d]|\\.\\d)`, "g");
    stamped = name === "version" ? stamped.replaceAll(isWhole, value) : stamped.replaceAll(before, () => value);
  }
  return stamped;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const committed = valuesOf(JSON.parse(await run("git", ["show", "HEAD:package.json"])) as Manifest);
  for (const file of stampedFiles()) {
    const text = readFileSync(join(root, file), "utf8");
    const stamped = stamp(text, committed, currentValues());
    if (stamped === text) continue;
    writeFileSync(join(root, file), stamped);
    process.stdout.write(`${file}\n`);
  }
}
