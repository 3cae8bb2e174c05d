/**
 * Gets the nats-server that the tests of the jetstream engine start: the pinned version, built by `go install` from the Go
 * module proxy into .cache/nats-server/VERSION, once. `npm test` runs this by itself when a test needs it. It is quick when
 * the server is there, and one at a time.
 *
 * Exits 1, with a sentence that says why, if it cannot be had; the tests then say that they could not run.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
// @ts-expect-error plain JavaScript, for the Node that a machine happens to have
import { LockTimeoutError, withLock } from "./lock.mjs";

export const natsServerVersion = "2.15.3";
const cache = join(import.meta.dirname, "..", ".cache");
const folder = join(cache, "nats-server", natsServerVersion);
export const natsServerPath = join(folder, "nats-server");

const buildMsMax = 600_000;

const say = (text: string): void => void process.stderr.write(`get-nats-server: ${text}\n`);

/** An expected failure: its message is all that is printed. */
class NatsServerError extends Error {}

export function isNatsServerInstalled(): boolean {
  const { status, stdout } = spawnSync(natsServerPath, ["--version"], { encoding: "utf8" });
  return status === 0 && stdout.includes(`v${natsServerVersion}`);
}

async function install(): Promise<void> {
  say(`building nats-server ${natsServerVersion} with Go`);
  mkdirSync(folder, { recursive: true });
  const code = await run("go", ["install", `github.com/nats-io/nats-server/v2@v${natsServerVersion}`]);
  if (code === undefined) throw new NatsServerError("Go is not in PATH; please install it");
  if (code !== 0 || !isNatsServerInstalled()) {
    throw new NatsServerError("go install could not build it; its own words are above");
  }
}

/** Beside the heartbeat of the lock, so not with spawnSync. Undefined: there is no such program. */
function run(command: string, args: readonly string[]): Promise<number | undefined> {
  return new Promise((resolve) => {
    const env = { ...process.env, GOBIN: folder, GOFLAGS: "-modcacherw" };
    const child = spawn(command, [...args], {
      stdio: ["ignore", process.stderr, process.stderr],
      timeout: buildMsMax,
      env,
    });
    child.on("error", () => resolve(undefined));
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

/** With `--print` it also prints where the server is. */
async function main(): Promise<void> {
  if (!isNatsServerInstalled()) await installAlone();
  if (process.argv.includes("--print")) process.stdout.write(`${natsServerPath}\n`);
}

async function installAlone(): Promise<void> {
  const lock = { folder: `${folder}.lock`, waiting: () => say("waiting for another run that builds it") };
  await withLock(lock, async () => {
    // Looked at again: the process that held the lock before may have built it.
    if (!isNatsServerInstalled()) await install();
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof NatsServerError || error instanceof LockTimeoutError)) throw error;
    say((error as Error).message);
    process.exitCode = 1;
  }
}
