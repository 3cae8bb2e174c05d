import { chmodSync, closeSync, lstatSync, openSync } from "node:fs";
import type { DatabaseSync, DatabaseSyncOptions } from "node:sqlite";

/** Held until released or until the process ends, however it ends. */
export interface FileLock {
  release(): void;
}

const sqliteBusy = 5;
const ownerOnly = 0o600;

/**
 * Takes the operating system's exclusive lock on a file, made if need be. Node has no call for file locks; the SQLite that is
 * part of it takes one, which holds between processes and between containers. Does not wait for another holder. Only the
 * owner may open the file, because a user who can read it can hold the lock. "unsupported": the file system has no locks, or
 * the file cannot be opened.
 */
export function lockFile(path: string): FileLock | "busy" | "unsupported" {
  try {
    makePrivate(path);
  } catch {
    return "unsupported";
  }
  // No journal: it would be a second file, and nothing is ever written.
  return lockThrough(path, { timeout: 0 }, "PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE");
}

/**
 * Takes a shared lock on a file that exists, without write access to it: it excludes the holder of `lockFile()` and no other
 * reader. "unsupported": the file system has no locks, or the file is missing or cannot be opened.
 */
export function lockFileForReading(path: string): FileLock | "busy" | "unsupported" {
  // SQLite locks the file at the first read of the transaction.
  return lockThrough(path, { timeout: 0, readOnly: true }, "BEGIN; SELECT count(*) FROM sqlite_schema");
}

function lockThrough(
  path: string,
  options: DatabaseSyncOptions,
  statements: string,
): FileLock | "busy" | "unsupported" {
  let database: DatabaseSync | undefined;
  try {
    // An import would load SQLite in every process that imports this file, the command line's help too.
    const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
    const opened = new DatabaseSync(path, options);
    database = opened;
    database.exec(statements);
    return { release: () => opened.close() };
  } catch (error) {
    database?.close();
    const isBusy = error instanceof Error && "errcode" in error && error.errcode === sqliteBusy;
    return isBusy ? "busy" : "unsupported";
  }
}

/**
 * Makes the file if it is absent, and takes it from other users: SQLite would make it with the mode that the umask gives.
 * Never opens a file that exists: when a process closes any descriptor of a file, the system drops its locks on that file.
 */
function makePrivate(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) makeFile(path);
  else if (stats.isFile() && stats.uid === process.getuid?.() && (stats.mode & 0o777) !== ownerOnly) {
    chmodSync(path, ownerOnly);
  }
}

function makeFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", ownerOnly));
  } catch (error) {
    // Another process has just made it.
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}
