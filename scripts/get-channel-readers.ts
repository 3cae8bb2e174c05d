/**
 * Gets the PyIceberg that reads back what tests deliver into tables: the pinned version, with pyarrow, from PyPI into
 * .cache/pyiceberg/VERSION, once. `npm test` runs this by itself when a test needs it. It is quick when it is there, and one at a
 * time.
 *
 * Exits 1, with a sentence that says why, if it cannot be had; the tests then say that they could not run.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installFromPypi, pythons } from "./install-from-pypi.ts";

export const pyicebergVersion = "0.12.0";
const pyarrowVersion = "26.0.1";
const folder = join(import.meta.dirname, "..", ".cache", "pyiceberg", pyicebergVersion);
const installMsMax = 600_000;

/** The Python that can import it, with its environment; undefined if none can. */
export function findPyiceberg(): { readonly python: string; readonly env: NodeJS.ProcessEnv } | undefined {
  const env = { ...process.env, PYTHONPATH: folder };
  const code = `import importlib.metadata as m, sys; sys.exit(m.version("pyiceberg") != "${pyicebergVersion}" or m.version("pyarrow") != "${pyarrowVersion}")`;
  const python = pythons.find((each) => spawnSync(each, ["-c", code], { env }).status === 0);
  return python === undefined ? undefined : { python, env };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await installFromPypi({
    script: "get-pyiceberg",
    folder,
    isInstalled: () => findPyiceberg() !== undefined,
    what: `PyIceberg ${pyicebergVersion}`,
    packages: [`pyiceberg==${pyicebergVersion}`, `pyarrow==${pyarrowVersion}`],
    installMsMax,
  });
}
