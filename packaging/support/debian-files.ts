/** The files of Debian packages, without installing them and for any architecture: what Node links besides itself. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Architecture } from "./node-binary.ts";
import { run } from "./run.ts";

/** Whether this machine has Debian's package tools. */
export function hasDebianTools(): boolean {
  return ["apt-get", "dpkg-deb", "tar"].every(
    (tool) => spawnSync(tool, ["--version"], { stdio: "ignore" }).status === 0,
  );
}

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: Architecture;
  /** The package file. */
  readonly path: string;
}

/**
 * Downloads packages into `folder` with lists of their own, so that the machine's package state stays as it is. Packages
 * that are there are not downloaded again: remove the folder to get newer ones.
 */
export async function downloadPackages(
  names: readonly string[],
  architecture: Architecture,
  folder: string,
): Promise<readonly DebianPackage[]> {
  const found = packagesIn(folder, names, architecture);
  if (found.length === names.length) return found;
  rmSync(folder, { recursive: true, force: true });
  const state = join(folder, "state");
  for (const made of [join(state, "lists/partial"), join(folder, "cache/archives/partial")]) {
    mkdirSync(made, { recursive: true });
  }
  const options = [
    `APT::Architecture=${architecture}`,
    `APT::Architectures=${architecture}`,
    `Dir::State=${state}`,
    "Dir::State::status=/dev/null",
    `Dir::Cache=${join(folder, "cache")}`,
    // Without it apt gives the lists to a user of its own, who cannot write here.
    "APT::Sandbox::User=root",
    "Acquire::Languages=none",
  ].flatMap((option) => ["-o", option]);
  await run("apt-get", [...options, "-qq", "update"], { cwd: folder });
  await run("apt-get", [...options, "-qq", "download", ...names], { cwd: folder });
  rmSync(state, { recursive: true });
  const packages = packagesIn(folder, names, architecture);
  if (packages.length !== names.length) throw new Error(`not all of ${names.join(", ")} were downloaded to ${folder}`);
  return packages;
}

/** apt names files `name_version_architecture.deb`, with `:` of the version as `%3a`. */
function packagesIn(folder: string, names: readonly string[], architecture: Architecture): readonly DebianPackage[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((file) => {
    const [, name = "", version = ""] = /^([^_]+)_([^_]+)_[^_]+\.deb$/.exec(file) ?? [];
    if (!names.includes(name)) return [];
    return [{ name, version: decodeURIComponent(version), architecture, path: join(folder, file) }];
  });
}

/** Shared libraries, the loader and the licences; not the documents, locales and character sets of the packages. */
export async function extractPackages(packages: readonly DebianPackage[], target: string): Promise<void> {
  for (const { path } of packages) await run("dpkg-deb", ["--extract", path, target]);
  for (const folder of [
    "usr/share/lintian",
    "usr/share/locale",
    "usr/share/gdb",
    "usr/share/doc-base",
    "etc/ld.so.conf.d",
  ]) {
    rmSync(join(target, folder), { recursive: true, force: true });
  }
  const libraries = join(target, "usr/lib");
  for (const folder of existsSync(libraries) ? readdirSync(libraries) : []) {
    for (const unused of ["gconv", "audit"]) rmSync(join(libraries, folder, unused), { recursive: true, force: true });
  }
  const documents = join(target, "usr/share/doc");
  for (const folder of readdirSync(documents, { withFileTypes: true })) {
    // A link leads to the folder of another package.
    if (!folder.isDirectory()) continue;
    for (const file of readdirSync(join(documents, folder.name))) {
      if (file !== "copyright") rmSync(join(documents, folder.name, file), { recursive: true, force: true });
    }
  }
}
