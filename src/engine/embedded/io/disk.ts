/** The little that the log asks of a file system. Paths are absolute; errors carry Node's `code` ("ENOENT" …). */
export interface Disk {
  /** Whether files of this directory may be opened as `direct`; tried out by writing a block and reading it back. */
  probe(directory: string): Promise<boolean>;
  /** Zeroed memory, aligned as direct writes need it. Never freed. */
  allocate(byteCount: number): Buffer;
  open(path: string, mode: OpenMode): Promise<DiskFile>;
  /** The names in a directory. */
  list(directory: string): Promise<readonly string[]>;
  /** With its parents; harmless if it exists. */
  makeDirectory(directory: string): Promise<void>;
  /** Replaces a file of the new name. */
  rename(from: string, to: string): Promise<void>;
  /** One more name for a file. Rejects if the name is taken, and where there can be none ("EXDEV", "EPERM" …). */
  link(from: string, to: string): Promise<void>;
  /** Harmless if there is none. */
  remove(path: string): Promise<void>;
  /** An empty one. Harmless if there is none. */
  removeDirectory(directory: string): Promise<void>;
  /** Makes creations, renames and removals in the directory durable. */
  syncDirectory(directory: string): Promise<void>;
  freeBytes(directory: string): Promise<number>;
  /** Keeps every other process out. Rejects with `DataDirectoryError("locked")`. */
  lock(directory: string): Promise<DiskLock>;
}

/**
 * - `read`:    an existing file
 * - `create`:  a new, empty file, replacing an old one
 * - `write`:   an existing file
 * - `direct`:  an existing file, past the page cache: a write is durable when it resolves. Only whole blocks, from memory
 *              of `allocate()`, at multiples of a block
 * - `createDirect`: as `create`, past the page cache as with `direct`, but durable only when a `sync` resolves
 */
export type OpenMode = "read" | "create" | "write" | "direct" | "createDirect";

export interface DiskFile {
  /** Fills `into` from byte `at` on; resolves with the bytes read, fewer only at the end of the file. */
  read(into: Uint8Array, at: number): Promise<number>;
  /** All of `bytes`, or it rejects and any part may have been written. */
  write(bytes: Uint8Array, at: number): Promise<void>;
  sync(): Promise<void>;
  length(): Promise<number>;
  /** Cuts, or extends by a hole. */
  setLength(byteCount: number): Promise<void>;
  close(): Promise<void>;
}

export interface DiskLock {
  release(): Promise<void>;
}

/** What direct writes are aligned to, and what groups are padded to. */
export const blockBytes = 4096;

/** The system's name of an error ("ENOSPC"), or undefined for one that is not the system's. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  return error.code.startsWith("ERR_") ? undefined : error.code;
}

/** None in a directory that does not exist. */
export async function namesIn(disk: Disk, directory: string): Promise<readonly string[]> {
  try {
    return await disk.list(directory);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** The whole file, or undefined if there is none. */
export async function readWhole(disk: Disk, path: string): Promise<Buffer | undefined> {
  let file: DiskFile;
  try {
    file = await disk.open(path, "read");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const bytes = Buffer.allocUnsafeSlow(await file.length());
    return bytes.subarray(0, await file.read(bytes, 0));
  } finally {
    await file.close();
  }
}

/** Puts a whole file in place so that a crash leaves the old one or the new one. `path` + ".tmp" is used meanwhile. */
export async function replaceFile(disk: Disk, directory: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = `${directory}/${name}`;
  const unfinished = `${path}.tmp`;
  const file = await disk.open(unfinished, "create");
  try {
    await file.write(bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(unfinished, path);
  await disk.syncDirectory(directory);
}
