/**
 * Writes the package that users install, as a folder and as the tarball that `npm publish` takes: compiled code, types,
 * documents, licence, and a package.json of its own. The repository's package.json is private and allows Node 20, because
 * its scripts run on the pinned Node 26 from npm; the package has no scripts or development dependencies, and needs
 * Node 24.
 *
 *   npm run package                    into .cache/package, and .cache/millrace-VERSION.tgz beside it
 *   npm run package -- DIRECTORY       into an empty or new directory
 */
import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeMajorMin } from "../src/config/node-requirement.ts";

/** The fields of the repository's package.json that the package takes over. */
export interface RepositoryManifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly author: string;
  readonly homepage: string;
  readonly repository: { readonly type: string; readonly url: string };
  readonly bugs: { readonly url: string; readonly email: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional: boolean }>>;
}

/** Documents that the links of the package's readme lead to, and those that these lead to. */
const documentPatterns = ["*.md", "docs/**/*.{md,svg,png}", "conformance/README.md"];

/** Paths of the documents of the package, and of the pictures in them. */
export function packagedDocuments(root: string): readonly string[] {
  return globSync(documentPatterns, { cwd: root })
    .map((path) => path.replaceAll("\\", "/"))
    .sort();
}

/** The package.json that users get, made from the repository's own. */
export function publishedManifest(repository: RepositoryManifest): object {
  const { name, version, description, license, author, homepage, bugs, dependencies = {} } = repository;
  const { peerDependencies = {}, peerDependenciesMeta = {} } = repository;
  return {
    name,
    version,
    description,
    keywords: ["kinesis", "aws", "stream", "server", "testing", "event-streaming"],
    homepage,
    bugs,
    repository: repository.repository,
    license,
    author,
    type: "module",
    engines: { node: `>=${nodeMajorMin}` },
    bin: { millrace: "dist/cli/cli.js" },
    types: "./dist/app/in-process-server.d.ts",
    exports: {
      ".": { types: "./dist/app/package-entry.d.ts", default: "./dist/app/package-entry.js" },
      "./package.json": "./package.json",
    },
    dependencies,
    peerDependencies,
    peerDependenciesMeta,
    publishConfig: { access: "public" },
  };
}

export function repositoryManifest(root: string): RepositoryManifest {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as RepositoryManifest;
}

/** Throws if the sources do not compile; setup has printed why. Returns the path of the tarball beside `target`. */
export function makePackage(root: string, target: string): string {
  run(process.execPath, [join(root, "scripts", "setup.mjs"), "--build"], root);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const built of ["dist", join("console", "dist")])
    cpSync(join(root, built), join(target, built), { recursive: true });
  rmSync(join(target, "dist", ".built-from"));
  for (const file of ["LICENSE", ...packagedDocuments(root)]) {
    cpSync(join(root, file), join(target, file));
  }
  const manifest = repositoryManifest(root);
  writeFileSync(join(target, "package.json"), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`);
  const folder = dirname(target);
  run("npm", ["pack", "--silent", "--pack-destination", folder, target], root);
  return join(folder, `${manifest.name}-${manifest.version}.tgz`);
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status } = spawnSync(command, args, { cwd, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = join(import.meta.dirname, "..");
  const target = resolve(process.argv[2] ?? join(root, ".cache", "package"));
  try {
    process.stdout.write(`${makePackage(root, target)}\n`);
  } catch (error) {
    process.stderr.write(`make-package: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
