/**
 * Gets the nats-server that the tests of the jetstream engine start: the pinned version, built by `go install` from the Go
 * module proxy into .cache/nats-server/VERSION, once. `npm test` runs this by itself when a test needs it. It is quick when
 * the server is there, and one at a time.
 *
 * Exits 1, with a sentence that says why, if it cannot be had; the tests then say that they could not run.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installFromGo } from "./install-from-go.ts";

export const natsServerVersion = "2.15.3";
const folder = join(import.meta.dirname, "..", ".cache", "nats-server", natsServerVersion);
export const natsServerPath = join(folder, "nats-server");

export function isNatsServerInstalled(): boolean {
  const { status, stdout } = spawnSync(natsServerPath, ["--version"], { encoding: "utf8" });
  return status === 0 && stdout.includes(`v${natsServerVersion}`);
}

// With `--print` it also prints where the server is.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const isHere = await installFromGo({
    script: "get-nats-server",
    folder,
    isInstalled: isNatsServerInstalled,
    what: `nats-server ${natsServerVersion}`,
    program: `github.com/nats-io/nats-server/v2@v${natsServerVersion}`,
  });
  if (isHere && process.argv.includes("--print")) process.stdout.write(`${natsServerPath}\n`);
}
