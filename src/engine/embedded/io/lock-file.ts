import { randomUUID } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import type { DatabaseSync } from "node:sqlite";
import { DataDirectoryError } from "./data-directory-error.ts";
import { type DiskLock, errorCode } from "./disk.ts";

/** Who has a data directory open; the text of its `lock` file. */
export interface LockOwner {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process; null where /proc does not tell. */
  readonly startTicks: string | null;
  readonly bootId: string | null;
  readonly host: string;
}

const sqliteBusy = 5;

/**
 * Keeps every other process out of the directory until released or until this process ends, however it ends.
 *
 * The exclusion is the operating system's: Node has no call for a file lock, but the SQLite inside it takes one that holds
 * between processes and containers. Where the file system has no locks, the owner named in `lock` is looked for instead.
 */
export function takeLock(directory: string): DiskLock {
  const held = holdFile(`${directory}/lock.held`);
  const path = `${directory}/lock`;
  const owner = readOwner(path);
  if (held === "busy" || (held === "unsupported" && owner !== undefined && isAlive(owner))) {
    const who = owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}`;
    throw new DataDirectoryError("locked", `The data directory ${directory} is in use by ${who}.`);
  }
  const mark = randomUUID();
  try {
    writeFileSync(path, `${JSON.stringify({ ...ownerOf(process.pid), mark })}\n`);
  } catch (error) {
    // The text is for people where the system itself keeps others out; a full disk need not be refused for want of it.
    if (held === "unsupported" || errorCode(error) !== "ENOSPC") {
      if (held !== "unsupported") held.close();
      throw error;
    }
  }
  return {
    release: async () => {
      // Only while the lock is still held: afterwards the file may be a successor's.
      rmSync(path, { force: true });
      if (held !== "unsupported") held.close();
    },
  };
}

export function ownerOf(pid: number): LockOwner {
  return { pid, startTicks: startTicksOf(pid), bootId: readBootId(), host: hostname() };
}

/** Whether the process that wrote the lock still runs: same boot, a live process, started at the same moment. */
export function isAlive(owner: LockOwner, present: LockOwner = ownerOf(owner.pid)): boolean {
  if (owner.bootId !== null && present.bootId !== null && owner.bootId !== present.bootId) return false;
  if (owner.startTicks !== null && present.startTicks !== null) return owner.startTicks === present.startTicks;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    // A process of another user answers EPERM, and lives.
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
    // Absent, or cut short by a crash: nobody is named.
    return undefined;
  }
}

/** An open SQLite connection is the lock; closing it, or the end of the process, frees it. */
function holdFile(path: string): DatabaseSync | "busy" | "unsupported" {
  let database: DatabaseSync | undefined;
  try {
    database = new (loadSqlite().DatabaseSync)(path, { timeout: 0 });
    // No journal: it would be a second file, and nothing is ever written.
    database.exec("PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database?.close();
    const isBusy = error instanceof Error && "errcode" in error && error.errcode === sqliteBusy;
    return isBusy ? "busy" : "unsupported";
  }
}

/** Node 24 prints a warning when SQLite is first used; a user who asked for no SQLite should not have to read it. */
function loadSqlite(): typeof import("node:sqlite") {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}

function startTicksOf(pid: number): string | null {
  const stat = readProc(`/proc/${pid}/stat`);
  // The command's name, in brackets, may hold spaces and brackets: fields are counted from behind the last one.
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
