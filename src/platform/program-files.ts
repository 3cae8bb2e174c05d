import { readdirSync, readFileSync } from "node:fs";

// Besides its modules the program has files that it reads or starts. They lie in the package; in the single executable they
// are assets under the same paths. docs/decisions/36-single-executable.md

/** The folder of package.json: two above this file, in `src/` and in `dist/`. */
const root = new URL("../../", import.meta.url);

/** The assets of the single executable; undefined in a process of an ordinary Node. */
export function executableAssets(): typeof import("node:sea") | undefined {
  const sea = process.getBuiltinModule("node:sea");
  return sea.isSea() ? sea : undefined;
}

/** `path` is relative to the package, with `/` between folders. Throws if there is no such file. */
export function readProgramFile(path: string): Uint8Array {
  const assets = executableAssets();
  return assets === undefined ? readFileSync(new URL(path, root)) : new Uint8Array(assets.getAsset(path));
}

/** Names of the files in a folder of the package, which ends in `/`. Empty if there is no such folder. */
export function programFilesIn(folder: string): readonly string[] {
  const assets = executableAssets();
  if (assets !== undefined) {
    const paths = assets.getAssetKeys().filter((path) => path.startsWith(folder));
    return paths.map((path) => path.slice(folder.length));
  }
  try {
    return readdirSync(new URL(folder, root));
  } catch {
    return [];
  }
}
