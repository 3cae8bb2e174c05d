/**
 * A lock between processes: a folder (made atomically) whose modification time its holder refreshes. Plain JavaScript,
 * because setup.mjs runs on the Node that a machine happens to have.
 */
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const heartbeatMs = 1_000;
const staleMs = 15_000;
const pollMs = 100;
const waitMsMax = 600_000;

export class LockTimeoutError extends Error {}

/**
 * Runs `work` while no other process holds the lock, and resolves with its result. A lock that is no longer refreshed
 * belonged to a process that died, and is taken over.
 *
 * @param {{ folder: string, waiting: () => void }} options `waiting` is called once if another process holds the lock.
 * @throws {LockTimeoutError} if another process holds the lock for ten minutes
 */
export async function withLock({ folder, waiting }, work) {
  mkdirSync(dirname(folder), { recursive: true });
  const token = randomUUID();
  const giveUpAt = Date.now() + waitMsMax;
  let told = false;
  while (!tryMake(folder)) {
    removeIfDead(folder);
    if (Date.now() > giveUpAt) throw new LockTimeoutError(`another process has held ${folder} for ten minutes`);
    if (!told) waiting();
    told = true;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  writeFileSync(join(folder, "holder"), token);
  const heartbeat = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(folder, now, now);
    } catch {
      // The folder was removed by hand; the work itself is still ours to finish.
    }
  }, heartbeatMs);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if (holderOf(folder) === token) rmSync(folder, { recursive: true, force: true });
  }
}

function tryMake(folder) {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

/** Under a lock of its own: else two processes could both remove, the second one the first one's new lock. */
function removeIfDead(folder) {
  if (!isOlderThan(folder, staleMs)) return;
  const removal = `${folder}.removal`;
  if (!tryMake(removal)) {
    if (isOlderThan(removal, staleMs)) rmSync(removal, { recursive: true, force: true });
    return;
  }
  try {
    if (isOlderThan(folder, staleMs)) rmSync(folder, { recursive: true, force: true });
  } finally {
    rmSync(removal, { recursive: true, force: true });
  }
}

function isOlderThan(path, ms) {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > ms;
}

function holderOf(folder) {
  try {
    return readFileSync(join(folder, "holder"), "utf8");
  } catch {
    return undefined;
  }
}
