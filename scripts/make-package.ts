/**
 * Writes the package that users install, ready for `npm pack` or `npm publish`: compiled code, types, licence, readme
 * and a package.json of its own. The repository's package.json is private and allows Node 20, because its scripts
 * run on the pinned Node 26 from npm; the package has no scripts or development dependencies, and needs Node 24.
 *
 *   npm run package                    into .cache/package
 *   npm run package -- DIRECTORY       into an empty or new directory
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The package.json that users get, made from the repository's own. */
export function publishedManifest({ name, version, description, license, dependencies = {} }: Manifest): object {
  return {
    name,
    version,
    description,
    keywords: ["kinesis", "aws", "stream", "server", "testing", "event-streaming"],
    license,
    type: "module",
    engines: { node: ">=24" },
    bin: { millrace: "dist/cli/cli.js" },
    exports: {
      ".": { types: "./dist/app/in-process-server.d.ts", default: "./dist/app/in-process-server.js" },
      "./package.json": "./package.json",
    },
    dependencies,
  };
}

/** False when the sources do not compile; the compiler has said why. */
function makePackage(root: string, target: string): boolean {
  mkdirSync(target, { recursive: true });
  rmSync(join(target, "dist"), { recursive: true, force: true });
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const options = ["-p", join(root, "tsconfig.build.json"), "--outDir", join(target, "dist"), "--noEmitOnError"];
  const { status } = spawnSync(process.execPath, [compiler, ...options], { stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) return false;
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
  writeFileSync(join(target, "package.json"), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`);
  for (const file of ["LICENSE", "README.md"]) {
    if (existsSync(join(root, file))) copyFileSync(join(root, file), join(target, file));
  }
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = join(import.meta.dirname, "..");
  const target = resolve(process.argv[2] ?? join(root, ".cache", "package"));
  if (makePackage(root, target)) process.stdout.write(`${target}\n`);
  else process.exitCode = 1;
}
