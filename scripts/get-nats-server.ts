/**
 * Gets the nats-server that the tests of the jetstream engine start: the pinned version, built by `go install` from the Go
 * module proxy into .cache/nats-server/VERSION, once. `npm test` runs this by itself when a test needs it. It is quick when
 * the server is there, and one at a time.
 *
 * Exits 1, with a sentence that says why, if it cannot be had; the tests then say that they could not run.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InstallError, installOnce, run, say } from "./install-once.ts";

const script = "get-nats-server";
export const natsServerVersion = "2.15.3";
const cache = join(import.meta.dirname, "..", ".cache");
const folder = join(cache, "nats-server", natsServerVersion);
export const natsServerPath = join(folder, "nats-server");

const buildMsMax = 600_000;

export function isNatsServerInstalled(): boolean {
  const { status, stdout } = spawnSync(natsServerPath, ["--version"], { encoding: "utf8" });
  return status === 0 && stdout.includes(`v${natsServerVersion}`);
}

async function install(): Promise<void> {
  say(script, `building nats-server ${natsServerVersion} with Go`);
  mkdirSync(folder, { recursive: true });
  const env = { ...process.env, GOBIN: folder, GOFLAGS: "-modcacherw" };
  const server = `github.com/nats-io/nats-server/v2@v${natsServerVersion}`;
  const code = await run("go", ["install", server], { timeout: buildMsMax, env });
  if (code === undefined) throw new InstallError("Go is not in PATH; please install it");
  if (code !== 0 || !isNatsServerInstalled()) {
    throw new InstallError("go install could not build it; its own words are above");
  }
}

// With `--print` it also prints where the server is.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const isHere = await installOnce({ script, folder, isInstalled: isNatsServerInstalled, install });
  if (isHere && process.argv.includes("--print")) process.stdout.write(`${natsServerPath}\n`);
}
