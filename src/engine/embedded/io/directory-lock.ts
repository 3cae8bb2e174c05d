import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { lockFile, lockFileForReading } from "../../../platform/file-lock.ts";
import { DataDirectoryError } from "./data-directory-error.ts";
import { type DiskLock, errorCode } from "./disk.ts";

/** How often a holder looks whether the lock is still its own, in real time. */
export const lockCheckMs = 1_000;
/** What a new holder waits where `lock.held` was missing: a holder of the removed file has stopped by then. */
const removedLockWaitMs = 3 * lockCheckMs;

/** The process that has a data directory open; `lock` holds it as JSON. */
export interface LockOwner {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process; null on a system without /proc. */
  readonly startTicks: string | null;
  readonly bootId: string | null;
  readonly host: string;
}

/** What `lock` holds. */
interface LockText extends LockOwner {
  /** Random; new with each lock. */
  readonly mark: string | null;
  /** Device and inode of the data directory: a copy of it is another directory. */
  readonly directory: string | null;
}

/**
 * Keeps every other process out of the directory until released, or until this process ends. The lock is the operating
 * system's, on the open file `lock.held`; as a name can be removed, the process named in `lock` is checked too, and the
 * holder looks whether the name is still that of its file. Where the file system has no locks, `lock` alone decides. Rejects
 * with `DataDirectoryError("locked")`. docs/file-format.md section 7.
 */
export async function lockDirectory(directory: string): Promise<DiskLock> {
  const paths = { held: `${directory}/lock.held`, text: `${directory}/lock` };
  const present = readLockText(paths.text);
  // Before the file is touched: a lock.held that was removed is not made again under a server that runs.
  if (present !== undefined && isSurelyHolding(present, directory)) throw locked(directory, present);
  const wasRemoved = !existsSync(paths.held) && existsSync(`${directory}/format`);
  const held = lockFile(paths.held);
  if (held === "busy" || (held === "unsupported" && present !== undefined && isOwnerAlive(present))) {
    throw locked(directory, present);
  }
  const release = (): void => {
    if (held !== "unsupported") held.release();
  };
  const mark = randomUUID();
  const isHeld = held === "unsupported" ? ownsText(paths.text, mark) : ownsName(paths.held);
  try {
    if (wasRemoved) await delay(removedLockWaitMs);
    const text: LockText = { ...lockOwnerOf(process.pid), mark, directory: fileIdentity(directory) ?? null };
    writeFileSync(paths.text, `${JSON.stringify(text)}\n`);
  } catch (error) {
    // With a lock of the system the text is not needed, and a full disk must not keep a server from starting.
    if (held === "unsupported" || errorCode(error) !== "ENOSPC") {
      release();
      throw error;
    }
  }
  let timer: NodeJS.Timeout | undefined;
  return {
    isHeld,
    watch: (onLost) => {
      timer = setInterval(() => {
        if (isHeld()) return;
        clearInterval(timer);
        onLost();
      }, lockCheckMs).unref();
    },
    release: async () => {
      clearInterval(timer);
      // Only while the lock is held: afterwards the file may be that of the next process.
      if (isHeld()) rmSync(paths.text, { force: true });
      release();
    },
  };
}

/**
 * Keeps servers out of a directory that is only read, and changes nothing in it, so it may be on a read-only file system.
 * Throws `DataDirectoryError("locked")` if a server has it open. Without a `lock.held` that can be opened, a server that is
 * not named in `lock` is not noticed: then `isHeld()` is false.
 */
export function lockForReading(directory: string): DiskLock {
  const present = readLockText(`${directory}/lock`);
  if (present !== undefined && isSurelyHolding(present, directory)) throw locked(directory, present);
  const held = lockFileForReading(`${directory}/lock.held`);
  if (held === "busy" || (held === "unsupported" && present !== undefined && isOwnerAlive(present))) {
    throw locked(directory, present);
  }
  return {
    isHeld: () => held !== "unsupported",
    watch: () => {},
    release: async () => {
      if (held !== "unsupported") held.release();
    },
  };
}

function locked(directory: string, owner: LockOwner | undefined): DataDirectoryError {
  const holder =
    owner === undefined || !isOwnerAlive(owner) ? "another process" : `process ${owner.pid} on ${owner.host}`;
  return new DataDirectoryError(
    "locked",
    `The data directory ${directory} is locked: it is in use by ${holder}. Nothing was changed. ` +
      "Stop that process first, or choose another directory: each server needs its own, and verify and inspect can read a backup.",
  );
}

/** Whether the process that wrote `lock` runs, beyond doubt, and wrote it for this directory. */
function isSurelyHolding(text: LockText, directory: string): boolean {
  if (text.startTicks === null || text.bootId === null || text.bootId !== readBootId()) return false;
  if (text.directory !== null && text.directory !== fileIdentity(directory)) return false;
  return text.startTicks === startTicksOf(text.pid);
}

/** Whether the name is still that of the file which has it now. No second open: closing it would end the lock. */
function ownsName(path: string): () => boolean {
  const identity = fileIdentity(path);
  return () => fileIdentity(path) === identity;
}

function ownsText(path: string, mark: string): () => boolean {
  return () => readLockText(path)?.mark === mark;
}

/** Device and inode; undefined if there is no such file. */
function fileIdentity(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.dev}:${found.ino}`;
}

export function lockOwnerOf(pid: number): LockOwner {
  return { pid, startTicks: startTicksOf(pid), bootId: readBootId(), host: hostname() };
}

/** Whether the process that wrote the lock still runs: same boot, same process id, same start time. */
export function isOwnerAlive(owner: LockOwner, present: LockOwner = lockOwnerOf(owner.pid)): boolean {
  if (owner.bootId !== null && present.bootId !== null && owner.bootId !== present.bootId) return false;
  if (owner.startTicks !== null && present.startTicks !== null) return owner.startTicks === present.startTicks;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs as another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function readLockText(path: string): LockText | undefined {
  try {
    const owner: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof owner !== "object" || owner === null || !("pid" in owner) || typeof owner.pid !== "number")
      return undefined;
    const text = (name: string): string | null => {
      const value: unknown = Object.getOwnPropertyDescriptor(owner, name)?.value;
      return typeof value === "string" ? value : null;
    };
    return {
      pid: owner.pid,
      startTicks: text("startTicks"),
      bootId: text("bootId"),
      host: text("host") ?? "this host",
      mark: text("mark"),
      directory: text("directory"),
    };
  } catch {
    // Absent, or cut short by a crash.
    return undefined;
  }
}

function startTicksOf(pid: number): string | null {
  const stat = readProc(`/proc/${pid}/stat`);
  // The command's name, in brackets, may contain spaces and brackets: fields are counted behind the last bracket.
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

function readBootId(): string | null {
  return readProc("/proc/sys/kernel/random/boot_id")?.trim() ?? null;
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // Not Linux, or no such process.
    return undefined;
  }
}
