/**
 * Gets the PyIceberg that reads back what tests deliver into tables: the pinned version, with pyarrow, from PyPI into
 * .cache/pyiceberg/VERSION, once. `npm test` runs this by itself when a test needs it. It is quick when it is there, and one at a
 * time.
 *
 * Exits 1, with a sentence that says why, if it cannot be had; the tests then say that they could not run.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InstallError, installOnce, run, say } from "./install-once.ts";

const script = "get-pyiceberg";
export const pyicebergVersion = "0.12.0";
const pyarrowVersion = "26.0.1";
const cache = join(import.meta.dirname, "..", ".cache");
const folder = join(cache, "pyiceberg", pyicebergVersion);
const installMsMax = 600_000;
/** Whichever has pip: that of the client tools does. */
const pythons: readonly string[] = [join(cache, "client-tools", "bin", "python3"), "python3"];

/** The Python that can import it, with its environment; undefined if none can. */
export function findPyiceberg(): { readonly python: string; readonly env: NodeJS.ProcessEnv } | undefined {
  const env = { ...process.env, PYTHONPATH: folder };
  const code = `import importlib.metadata as m, sys; sys.exit(m.version("pyiceberg") != "${pyicebergVersion}" or m.version("pyarrow") != "${pyarrowVersion}")`;
  const python = pythons.find((each) => spawnSync(each, ["-c", code], { env }).status === 0);
  return python === undefined ? undefined : { python, env };
}

async function install(): Promise<void> {
  const python = pythons.find((each) => spawnSync(each, ["-m", "pip", "--version"]).status === 0);
  if (python === undefined)
    throw new InstallError("no Python with pip is here; scripts/get-client-tools.mjs brings one");
  say(script, `installing PyIceberg ${pyicebergVersion} from PyPI`);
  rmSync(folder, { recursive: true, force: true });
  const quiet = ["--quiet", "--disable-pip-version-check", "--no-input"];
  const packages = [`pyiceberg==${pyicebergVersion}`, `pyarrow==${pyarrowVersion}`];
  const args = ["-m", "pip", "install", ...quiet, "--target", folder, ...packages];
  const code = await run(python, args, { timeout: installMsMax });
  if (code !== 0 || findPyiceberg() === undefined) {
    throw new InstallError("pip could not install it; its own words are above");
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await installOnce({ script, folder, isInstalled: () => findPyiceberg() !== undefined, install });
}
