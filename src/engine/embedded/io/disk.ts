/** The file system as the engine uses it. Paths are absolute; errors have Node's `code` ("ENOENT" …). */
export interface Disk {
  /** Whether files of this directory can be opened as `direct`: writes a block and reads it back. */
  probe(directory: string): Promise<boolean>;
  /** Zeroed memory, aligned for direct reads and writes. */
  allocate(byteCount: number): Buffer;
  open(path: string, mode: OpenMode): Promise<DiskFile>;
  /** The names in a directory, in any order. */
  list(directory: string): Promise<readonly string[]>;
  /** Makes a directory and those of its parents that are absent. Resolves with the first that was made, undefined if it exists. */
  makeDirectory(directory: string): Promise<string | undefined>;
  /** Renames a file; one with the new name is replaced. */
  rename(from: string, to: string): Promise<void>;
  /** Makes a hard link. Rejects if the name exists, and where the file system has no links ("EXDEV", "EPERM" …). */
  link(from: string, to: string): Promise<void>;
  /** Removes a file; does nothing if there is none. */
  remove(path: string): Promise<void>;
  /** Removes an empty directory; does nothing if there is none. */
  removeDirectory(directory: string): Promise<void>;
  /** Makes creations, renames and removals in the directory durable. */
  syncDirectory(directory: string): Promise<void>;
  /** Bytes that this user can still write. */
  freeBytes(directory: string): Promise<number>;
  /** Locks the directory against other processes. Rejects with `DataDirectoryError("locked")`. */
  lock(directory: string): Promise<DiskLock>;
  /**
   * Keeps servers out of a directory that is only read, and changes nothing in it. Rejects as `lock()` does. Where no lock can
   * be taken, `isHeld()` is false.
   */
  lockForReading(directory: string): Promise<DiskLock>;
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
  /** Reads into `into` from byte `at` on; resolves with the count of bytes, fewer only at the end of the file. */
  read(into: Uint8Array, at: number): Promise<number>;
  /** Writes all of `bytes`; if it rejects, any part may have been written. */
  write(bytes: Uint8Array, at: number): Promise<void>;
  /** Makes all writes before it durable. */
  sync(): Promise<void>;
  length(): Promise<number>;
  /** Truncates the file, or extends it by a hole. */
  setLength(byteCount: number): Promise<void>;
  close(): Promise<void>;
}

export interface DiskLock {
  /** Whether this process has the directory locked: false once the lock's file was removed or replaced. */
  isHeld(): boolean;
  /** Calls `onLost` once when `isHeld()` has become false; it is looked at every `lockCheckMs`. */
  watch(onLost: () => void): void;
  release(): Promise<void>;
}

/** Alignment of direct reads and writes, and of commit groups. */
export const blockBytes = 4096;

/** The code of an error of the operating system ("ENOSPC"); undefined for any other error. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  return error.code.startsWith("ERR_") ? undefined : error.code;
}

/** The names in a directory; none if it does not exist. */
export async function namesIn(disk: Disk, directory: string): Promise<readonly string[]> {
  try {
    return await disk.list(directory);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** Reads a whole file; undefined if there is none. */
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

/** Replaces a whole file durably: a crash leaves the old one or the new one. Writes `name` + ".tmp" first. */
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
