/**
 * Builds the single executable: Node with the whole program inside it, for Linux on amd64 and arm64. It needs no Node, no npm
 * and no folder of its own; docs/decisions/36-single-executable.md.
 *
 *   node packaging/executable/build-executable.ts DIRECTORY     DIRECTORY/ARCHITECTURE/ with `millrace` and the licences
 *
 * The same tree, lock file and Node give the same bytes.
 */
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";
import { publishedManifest, repositoryManifest } from "../../scripts/make-package.ts";
import { type Architecture, installNode } from "../support/node-binary.ts";
import { cache, root, run, runScript } from "../support/run.ts";

const allArchitectures: readonly Architecture[] = ["amd64", "arm64"];

const bundling: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node26",
  // Names of functions and classes stay, because errors and heap snapshots show them.
  minifyWhitespace: true,
  legalComments: "none",
  logLevel: "warning",
};
/** Packages in the older module format call `require` for Node's own modules. */
const requireForBundle = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/** Writes `folder/ARCHITECTURE/millrace` and its licences. What is in `folder` is removed. */
export async function buildExecutables(folder: string, architectures = allArchitectures): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), "millrace-executable-"));
  rmSync(folder, { recursive: true, force: true });
  try {
    await run(process.execPath, [join(root, "scripts/setup.mjs"), "--build"]);
    const main = join(work, "main.mjs");
    const ofMain = await bundle("src/cli/cli.ts", main, { banner: { js: requireForBundle } });
    const workers = await bundleWorkers(work);
    const packages = [...new Set([...ofMain, ...workers.packages])].sort();
    const assets = { ...workers.assets, ...consoleAssets(), "package.json": writeManifest(work) };
    for (const architecture of architectures) {
      const node = await installNode(work, architecture);
      const target = join(folder, architecture);
      mkdirSync(target, { recursive: true });
      const settings = {
        // Relative, because the executable contains the name.
        main: basename(main),
        mainFormat: "module",
        executable: join(node, "bin/node"),
        output: join(target, "millrace"),
        disableExperimentalSEAWarning: true,
        assets,
      };
      const file = join(work, `${architecture}.json`);
      writeFileSync(file, JSON.stringify(settings));
      await run(process.execPath, ["--build-sea", file], { cwd: work });
      writeFileSync(join(target, "LICENSE"), readFileSync(join(root, "LICENSE")));
      writeFileSync(join(target, "THIRD-PARTY-LICENSES"), licencesOf(packages, node));
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Resolves with the folders of the packages that are in the bundle. */
async function bundle(entry: string, outfile: string, options: BuildOptions = {}): Promise<readonly string[]> {
  const { metafile } = await build({ ...bundling, ...options, entryPoints: [entry], outfile, metafile: true });
  const folders = Object.keys(metafile?.inputs ?? {}).flatMap(
    (path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
  );
  return [...new Set(folders)].sort();
}

/**
 * The workers, and the folders of the packages that are in them. A worker is found by the name of its file alone:
 * src/platform/start-worker.ts.
 */
async function bundleWorkers(
  work: string,
): Promise<{ readonly assets: Readonly<Record<string, string>>; readonly packages: readonly string[] }> {
  const assets: Record<string, string> = {};
  const packages: string[] = [];
  for (const source of globSync("src/**/*-worker.ts", { cwd: root }).sort()) {
    const name = `workers/${basename(source, ".ts")}.js`;
    if (name in assets) throw new Error(`two workers are called ${name}`);
    assets[name] = join(work, name);
    packages.push(...(await bundle(source, join(work, name))));
  }
  return { assets, packages };
}

function consoleAssets(): Readonly<Record<string, string>> {
  const paths = globSync("console/dist/*", { cwd: root }).sort();
  if (paths.length === 0) throw new Error("the console is not built");
  return Object.fromEntries(paths.map((path) => [path, join(root, path)]));
}

function writeManifest(work: string): string {
  const file = join(work, "package.json");
  writeFileSync(file, JSON.stringify(publishedManifest(repositoryManifest(root))));
  return file;
}

/** The licences of Node, which has those of its own libraries, and of all packages in the bundle. */
function licencesOf(packages: readonly string[], node: string): string {
  const texts = packages.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const [file] = globSync("LICEN[CS]E*", { cwd: join(root, folder) }).sort();
    const text = file === undefined ? `${license}\n` : readFileSync(join(root, folder, file), "utf8");
    return `== ${name} ${version}\n\n${text}`;
  });
  const ofNode = readFileSync(join(node, "LICENSE"), "utf8");
  return [`== Node.js ${process.version.slice(1)}\n\n${ofNode}`, ...texts].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runScript("executable", async () => {
    const folder = resolve(process.argv[2] ?? join(cache, "executable"));
    await buildExecutables(folder);
    for (const architecture of allArchitectures) process.stdout.write(`${join(folder, architecture, "millrace")}\n`);
  });
}
