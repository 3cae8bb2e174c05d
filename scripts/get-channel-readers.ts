/**
 * Gets the programs that read back what tests deliver into buckets and tables, none of which is ours: PyIceberg, pyarrow, DuckDB
 * and zstandard, the pinned versions from PyPI into .cache/channel-readers/VERSIONS, once. `npm test` runs this by itself when a
 * test needs it. It is quick when they are there, and one at a time.
 *
 * Exits 1, with a sentence that says why, if they cannot be had; the tests then say that they could not run.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installFromPypi, pythons } from "./install-from-pypi.ts";

const versions = { pyiceberg: "0.12.0", pyarrow: "26.0.1", duckdb: "2.0.0", zstandard: "0.25.0" } as const;
export const channelReadersName = `PyIceberg ${versions.pyiceberg}, pyarrow, DuckDB and zstandard`;
const folder = join(import.meta.dirname, "..", ".cache", "channel-readers", Object.values(versions).join("-"));
const installMsMax = 600_000;

/** The Python that can import them, with its environment; undefined if none can. */
export function findChannelReaders(): { readonly python: string; readonly env: NodeJS.ProcessEnv } | undefined {
  const env = { ...process.env, PYTHONPATH: folder };
  const isOther = Object.entries(versions).map(([name, version]) => `m.version("${name}") != "${version}"`);
  const code = `import importlib.metadata as m, sys; sys.exit(${isOther.join(" or ")})`;
  const python = pythons.find((each) => spawnSync(each, ["-c", code], { env }).status === 0);
  return python === undefined ? undefined : { python, env };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await installFromPypi({
    script: "get-channel-readers",
    folder,
    isInstalled: () => findChannelReaders() !== undefined,
    what: channelReadersName,
    packages: Object.entries(versions).map(([name, version]) => `${name}==${version}`),
    installMsMax,
  });
}
