import type { DatabaseSync } from "node:sqlite";

/** Held until released or until the process ends, however it ends. */
export interface FileLock {
  release(): void;
}

const sqliteBusy = 5;

/**
 * Takes the operating system's exclusive lock on a file, made if need be. Node has no call for file locks; the SQLite that is
 * part of it takes one, which holds between processes and between containers. Waits up to `waitMs` for another holder,
 * blocking the thread. "unsupported": the file system has no locks, or the file cannot be opened.
 */
export function lockFile(path: string, waitMs: number): FileLock | "busy" | "unsupported" {
  let database: DatabaseSync | undefined;
  try {
    // An import would load SQLite in every process that imports this file, the command line's help too.
    const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
    const opened = new DatabaseSync(path, { timeout: waitMs });
    database = opened;
    // No journal: it would be a second file, and nothing is ever written.
    database.exec("PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE");
    return { release: () => opened.close() };
  } catch (error) {
    database?.close();
    const isBusy = error instanceof Error && "errcode" in error && error.errcode === sqliteBusy;
    return isBusy ? "busy" : "unsupported";
  }
}
