import { spawn } from "node:child_process";
// @ts-expect-error plain JavaScript, for the Node that a machine happens to have
import { LockTimeoutError, withLock } from "./lock.mjs";

/** An expected failure: its message is all that is printed. */
export class InstallError extends Error {}

/** What a script installs for tests. */
export interface Installation {
  /** The script's name, before all that it says. */
  readonly script: string;
  /** Where it is installed. The lock is beside it. */
  readonly folder: string;
  readonly isInstalled: () => boolean;
  /** Throws `InstallError` if it cannot be had. */
  readonly install: () => Promise<void>;
}

export function say(script: string, text: string): void {
  process.stderr.write(`${script}: ${text}\n`);
}

/**
 * Installs what is not there, one process at a time, and resolves with whether it is there then. If not it has said why, and
 * the process will exit with 1.
 */
export async function installOnce({ script, folder, isInstalled, install }: Installation): Promise<boolean> {
  try {
    if (isInstalled()) return true;
    const lock = { folder: `${folder}.lock`, waiting: () => say(script, "waiting for another run that installs it") };
    await withLock(lock, async () => {
      // Looked at again: the process that held the lock before may have installed it.
      if (!isInstalled()) await install();
    });
    return true;
  } catch (error) {
    if (!(error instanceof InstallError || error instanceof LockTimeoutError)) throw error;
    say(script, (error as Error).message);
    process.exitCode = 1;
    return false;
  }
}

/** Resolves with the exit code; undefined if there is no such program. Not spawnSync: the lock has a heartbeat meanwhile. */
export function run(
  command: string,
  args: readonly string[],
  options: { readonly timeout: number; readonly env?: NodeJS.ProcessEnv },
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], { stdio: ["ignore", process.stderr, process.stderr], ...options });
    child.on("error", () => resolve(undefined));
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
