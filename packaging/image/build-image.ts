/**
 * Builds the image for amd64 and arm64 as an OCI layout, without a container engine: Debian's C library, Node from npm, and
 * the packed tarball with the dependencies of the lock file.
 *
 *   node packaging/image/build-image.ts DIRECTORY     an OCI layout, which skopeo and crane read; and DIRECTORY.tar, which
 *                                                     `podman load` and `docker load` read
 *
 * Needs Debian's apt-get and dpkg-deb, tar and npm. The same tree, lock file and Debian packages give the same bytes.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { makePackage, repositoryManifest } from "../../scripts/make-package.ts";
import { type DebianPackage, downloadPackages, extractPackages } from "../support/debian-files.ts";
import { type Architecture, installNode, nodeSpecification, npm } from "../support/node-binary.ts";
import { cache, root, run, runScript } from "../support/run.ts";
import { type ContainerConfig, type Layer, OciLayout, writeTar } from "./oci-layout.ts";

/** What the Node binary links (`readelf -d`), and the licences of the last three. Of Debian 12. */
const debianPackages = ["libc6", "libstdc++6", "libgcc-s1", "libatomic1", "gcc-12-base"];
/** The user id that distroless images call nonroot. */
const userId = 65_532;
const home = "/var/lib/millrace";
/** What the image takes of the published package; the Dockerfile copies the same. */
export const packagedFiles = ["dist", "console", "package.json", "LICENSE", "CHANGELOG.md"];

export interface BuiltImage {
  /** The folder of the OCI layout. */
  readonly layout: string;
  /** The same as one file, beside the folder. */
  readonly archive: string;
  readonly debianPackages: readonly DebianPackage[];
}

const allArchitectures: readonly Architecture[] = ["amd64", "arm64"];

/** Every file has the time of the last commit. */
export async function buildImage(layoutFolder: string, architectures = allArchitectures): Promise<BuiltImage> {
  const time = Number(await run("git", ["log", "-1", "--format=%ct"]));
  const work = mkdtempSync(join(tmpdir(), "millrace-image-"));
  try {
    const layout = new OciLayout(layoutFolder, time);
    const application = await layout.addLayer(await applicationFiles(work), "Millrace and its packages");
    const data = await layout.addLayer(dataFiles(work), `${home}, writable by user ${userId}`, userId);
    const used: DebianPackage[] = [];
    for (const architecture of architectures) {
      const packages = await downloadPackages(debianPackages, architecture, join(cache, "debian", architecture));
      used.push(...packages);
      const base = await layout.addLayer(await baseFiles(work, architecture, packages), namesOf(packages));
      const node = await layout.addLayer(await nodeFiles(work, architecture), nodeSpecification(architecture));
      const layers: readonly Layer[] = [base, node, application, data];
      layout.addImage(architecture, layers, containerConfig());
    }
    const { name, version } = repositoryManifest(root);
    layout.finish(`${name}:${version}`, labels());
    const archive = `${layoutFolder}.tar`;
    await writeTar(archive, layoutFolder, { epoch: time });
    return { layout: layoutFolder, archive, debianPackages: used };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function namesOf(packages: readonly DebianPackage[]): string {
  return packages.map(({ name, version }) => `${name} ${version}`).join(", ");
}

function labels(): Readonly<Record<string, string>> {
  const { name, version, description, license, author, homepage, repository } = repositoryManifest(root);
  const title = "org.opencontainers.image";
  return {
    [`${title}.title`]: name,
    [`${title}.version`]: version,
    [`${title}.description`]: description,
    [`${title}.licenses`]: license,
    [`${title}.vendor`]: author,
    [`${title}.url`]: homepage,
    [`${title}.source`]: repository.url.replace(/^git\+/, ""),
  };
}

/** The Dockerfile has the same settings; a test compares them. */
export function containerConfig(): ContainerConfig {
  const seconds = 1_000_000_000;
  return {
    User: `${userId}:${userId}`,
    Env: ["PATH=/usr/local/bin:/usr/bin:/bin"],
    Entrypoint: ["/usr/local/bin/millrace"],
    Cmd: ["serve"],
    ExposedPorts: { "4567/tcp": {} },
    Volumes: { [home]: {} },
    // The default data directory and its keyring are below it.
    WorkingDir: home,
    StopSignal: "SIGTERM",
    Labels: labels(),
    Healthcheck: {
      Test: ["CMD", "/usr/local/bin/millrace", "health"],
      Interval: 10 * seconds,
      Timeout: 5 * seconds,
      StartPeriod: 30 * seconds,
      Retries: 3,
    },
  };
}

/** The C library, and the files by which it and programs know users and hosts. */
async function baseFiles(
  work: string,
  architecture: Architecture,
  packages: readonly DebianPackage[],
): Promise<string> {
  const folder = newFolder(work, `base-${architecture}`);
  await extractPackages(packages, folder);
  mkdirSync(join(folder, "etc"), { recursive: true });
  const user = `nonroot:x:${userId}:${userId}:nonroot:${home}:/sbin/nologin\n`;
  writeFileSync(join(folder, "etc/passwd"), `root:x:0:0:root:/root:/sbin/nologin\n${user}`);
  writeFileSync(join(folder, "etc/group"), `root:x:0:\nnonroot:x:${userId}:\n`);
  writeFileSync(join(folder, "etc/nsswitch.conf"), "hosts: files dns\n");
  return folder;
}

async function nodeFiles(work: string, architecture: Architecture): Promise<string> {
  const installed = await installNode(work, architecture);
  const folder = newFolder(work, `node-${architecture}`);
  for (const made of ["usr/local/bin", "usr/share/doc/node"]) mkdirSync(join(folder, made), { recursive: true });
  cpSync(join(installed, "bin/node"), join(folder, "usr/local/bin/node"));
  cpSync(join(installed, "LICENSE"), join(folder, "usr/share/doc/node/LICENSE"));
  return folder;
}

async function applicationFiles(work: string): Promise<string> {
  const folder = newFolder(work, "application");
  const target = join(folder, "opt/millrace");
  const packed = join(work, "package");
  makePackage(root, packed);
  mkdirSync(target, { recursive: true });
  for (const name of packagedFiles) {
    cpSync(join(packed, name), join(target, name), { recursive: true });
  }
  const project = newFolder(work, "production");
  for (const name of ["package.json", "package-lock.json"]) cpSync(join(root, name), join(project, name));
  await npm(project, "ci", "--omit=dev", "--omit=optional", "--prefer-offline");
  cpSync(join(project, "node_modules"), join(target, "node_modules"), {
    recursive: true,
    filter: (path) => !/\.(d\.[cm]?ts|map)$/.test(path) && !path.endsWith("node_modules/.package-lock.json"),
  });
  const command = join(folder, "usr/local/bin/millrace");
  mkdirSync(join(command, ".."), { recursive: true });
  cpSync(join(root, "deploy/docker/millrace"), command);
  return folder;
}

function dataFiles(work: string): string {
  const folder = newFolder(work, "data");
  mkdirSync(join(folder, home), { recursive: true });
  return folder;
}

function newFolder(work: string, name: string): string {
  const folder = join(work, name);
  mkdirSync(folder);
  return folder;
}

/** The compressed layers of one architecture, in order. */
export function layersOf(layout: string, architecture: Architecture): readonly string[] {
  const read = (path: string) => JSON.parse(readFileSync(path, "utf8"));
  const blob = (digest: string) => join(layout, "blobs", digest.replace(":", "/"));
  const [entry] = read(join(layout, "index.json")).manifests as readonly { digest: string }[];
  if (entry === undefined) throw new Error(`${layout} is empty`);
  const images = read(blob(entry.digest)).manifests as { digest: string; platform: { architecture: string } }[];
  const found = images.find(({ platform }) => platform.architecture === architecture);
  if (found === undefined) throw new Error(`${layout} has no image for ${architecture}`);
  const { layers } = read(blob(found.digest)) as { layers: { digest: string }[] };
  return layers.map(({ digest }) => blob(digest));
}

/** What a pull of one architecture transfers. */
export function compressedBytes(layout: string, architecture: Architecture): number {
  return layersOf(layout, architecture).reduce((sum, path) => sum + statSync(path).size, 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runScript("image", async () => {
    const layout = resolve(process.argv[2] ?? join(cache, "image"));
    await buildImage(layout);
    const mib = (architecture: Architecture) => (compressedBytes(layout, architecture) / 1024 ** 2).toFixed(1);
    process.stdout.write(`${layout}: amd64 ${mib("amd64")} MiB, arm64 ${mib("arm64")} MiB compressed\n`);
  });
}
