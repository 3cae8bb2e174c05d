/**
 * Gets versitygw, the second store that the long tests of channels deliver to: the pinned version, built by `go install` from the
 * Go module proxy into .cache/versitygw/VERSION, once. It takes two minutes of CPU, so `npm test` does without; it is quick when
 * the program is there, and one at a time.
 *
 * Exits 1, with a sentence that says why, if it cannot be had.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installFromGo } from "./install-from-go.ts";

export const versitygwVersion = "1.8.0";
// What `go install` builds does not know its version: the folder has it.
const folder = join(import.meta.dirname, "..", ".cache", "versitygw", versitygwVersion);
export const versitygwPath = join(folder, "versitygw");

export function isVersitygwInstalled(): boolean {
  return spawnSync(versitygwPath, ["--version"]).status === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await installFromGo({
    script: "get-versitygw",
    folder,
    isInstalled: isVersitygwInstalled,
    what: `versitygw ${versitygwVersion}`,
    program: `github.com/versity/versitygw/cmd/versitygw@v${versitygwVersion}`,
  });
}
