import { randomUUID } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { lockFile } from "../../../platform/file-lock.ts";
import { DataDirectoryError } from "./data-directory-error.ts";
import { type DiskLock, errorCode } from "./disk.ts";

/** The process that has a data directory open; `lock` holds it as JSON. */
export interface LockOwner {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process; null on a system without /proc. */
  readonly startTicks: string | null;
  readonly bootId: string | null;
  readonly host: string;
}

/**
 * Keeps every other process out of the directory until released, or until this process ends. The lock is the operating
 * system's, on `lock.held`; where the file system has none, the process named in `lock` is checked instead. Throws
 * `DataDirectoryError("locked")`. docs/file-format.md section 7.
 */
export function lockDirectory(directory: string): DiskLock {
  const held = lockFile(`${directory}/lock.held`);
  const path = `${directory}/lock`;
  const owner = readOwner(path);
  if (held === "busy" || (held === "unsupported" && owner !== undefined && isOwnerAlive(owner))) {
    const holder = owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}`;
    throw new DataDirectoryError(
      "locked",
      `The data directory ${directory} is locked: it is in use by ${holder}. Nothing was changed. ` +
        "Stop that process first, or choose another --data-dir; each server needs a data directory of its own.",
    );
  }
  const release = (): void => {
    if (held !== "unsupported") held.release();
  };
  try {
    writeFileSync(path, `${JSON.stringify({ ...lockOwnerOf(process.pid), mark: randomUUID() })}\n`);
  } catch (error) {
    // With a lock of the system the text is for people only, and a full disk must not keep a server from starting.
    if (held === "unsupported" || errorCode(error) !== "ENOSPC") {
      release();
      throw error;
    }
  }
  return {
    release: async () => {
      // Only while the lock is held: afterwards the file may be that of the next process.
      rmSync(path, { force: true });
      release();
    },
  };
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

function readOwner(path: string): LockOwner | undefined {
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
