import { DataDirectoryError } from "./data-directory-error.ts";
import { type Disk, type DiskLock, errorCode, readWhole, replaceFile } from "./disk.ts";
import {
  type DirectoryIdentity,
  decodeFormatFile,
  encodeFormatFile,
  type FormatFile,
  formatFileName,
  identityOf,
} from "./format-file.ts";

export interface DataDirectoryOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly nowMs: number;
  readonly randomBytes: (byteCount: number) => Buffer;
  /** Whether this session runs on a dev clock; marks the directory for good. */
  readonly devClock: boolean;
}

/** Where everything in a directory is, and what it is checked against. */
export interface DirectoryPlaces {
  readonly path: string;
  readonly identity: DirectoryIdentity;
  /** As it stood when the directory was opened. */
  readonly format: FormatFile;
  readonly walDirectory: string;
  readonly catalogDirectory: string;
  /** Exists from the first sealed file on. */
  readonly segmentDirectory: string;
  readonly damageDirectory: string;
  /** Whether the log is written past the page cache, each write durable by itself; else each takes a sync. */
  readonly isDirect: boolean;
}

export interface DataDirectory extends DirectoryPlaces {
  readonly lock: DiskLock;
}

/** What a start may leave behind that died before `format` was in place. */
const unfinishedNames: ReadonlySet<string> = new Set(["lock", "lock.held", "lock.held-journal", "format.tmp"]);

/** Makes the directory if need be, refuses what is not ours to open, and keeps every other process out. */
export async function openDataDirectory(options: DataDirectoryOptions): Promise<DataDirectory> {
  const { disk, directory } = options;
  try {
    await disk.makeDirectory(directory);
    await readFormat(options);
    const lock = await disk.lock(directory);
    try {
      // Read again: another process may have made it before the lock was ours.
      const format = await settleFormat(options);
      const [walDirectory, catalogDirectory] = [`${directory}/wal`, `${directory}/catalog`];
      await disk.makeDirectory(walDirectory);
      await disk.makeDirectory(catalogDirectory);
      await disk.syncDirectory(directory);
      const isDirect = await disk.probe(walDirectory);
      return { ...placesIn(directory, format, isDirect), lock };
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw asSentence(error, directory);
  }
}

/** A directory that somebody wants to look at, with the lock: nothing in it is changed. */
export async function openToLookAt(disk: Disk, directory: string): Promise<DataDirectory> {
  const places = await placesOf(disk, directory);
  try {
    return { ...places, lock: await disk.lock(directory) };
  } catch (error) {
    throw asSentence(error, directory);
  }
}

/** Of a directory that a server may have open, and change at any moment. */
export async function placesOf(disk: Disk, directory: string): Promise<DirectoryPlaces> {
  try {
    const format = await readFormat({ disk, directory, devClock: true });
    if (format === undefined) throw new DataDirectoryError("foreign", `${directory} is not a Millrace data directory.`);
    return placesIn(directory, format, false);
  } catch (error) {
    throw asSentence(error, directory);
  }
}

/**
 * A directory that becomes one of ours when a `format` file is put in place, and is refused by everybody until then. Rejects
 * unless it is absent or empty. Its parts are made, and the lock is held.
 */
export async function openToFill(disk: Disk, directory: string, format: FormatFile): Promise<DataDirectory> {
  try {
    await disk.makeDirectory(directory);
    await requireVacant(disk, directory);
    const lock = await disk.lock(directory);
    try {
      await requireVacant(disk, directory);
      const places = placesIn(directory, format, false);
      await disk.makeDirectory(places.walDirectory);
      await disk.makeDirectory(places.catalogDirectory);
      return { ...places, lock };
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw asSentence(error, directory);
  }
}

async function requireVacant(disk: Disk, directory: string): Promise<void> {
  const names = (await disk.list(directory)).filter((name) => !unfinishedNames.has(name));
  if (names.length === 0) return;
  const what = names.includes(formatFileName) ? "holds a data directory already" : `is not empty ("${names[0]}")`;
  throw new DataDirectoryError("occupied", `${directory} ${what}; name a directory that is empty or does not exist.`);
}

function placesIn(path: string, format: FormatFile, isDirect: boolean): DirectoryPlaces {
  return {
    path,
    format,
    isDirect,
    identity: format.identity,
    walDirectory: `${path}/wal`,
    catalogDirectory: `${path}/catalog`,
    segmentDirectory: `${path}/segments`,
    damageDirectory: `${path}/damage`,
  };
}

async function settleFormat(options: DataDirectoryOptions): Promise<FormatFile> {
  const { disk, directory, nowMs, randomBytes, devClock } = options;
  const present = await readFormat(options);
  if (present !== undefined && (present.devClock || !devClock)) return present;
  const made = present ?? { identity: identityOf(randomBytes(16), randomBytes(8)), madeMs: nowMs };
  const format = { ...made, devClock };
  await replaceFile(disk, directory, formatFileName, encodeFormatFile(format));
  return format;
}

/** Before anything leaves the log: programs that know the log alone must refuse the directory from now on. */
export async function markSegments(disk: Disk, { path, format }: DirectoryPlaces): Promise<void> {
  await replaceFile(disk, path, formatFileName, encodeFormatFile({ ...format, hasSegments: true }));
}

/** Undefined for a directory that is empty, or as good as. */
async function readFormat({
  disk,
  directory,
  devClock,
}: Pick<DataDirectoryOptions, "disk" | "directory" | "devClock">): Promise<FormatFile | undefined> {
  const bytes = await readWhole(disk, `${directory}/${formatFileName}`);
  if (bytes === undefined) {
    const strangers = (await disk.list(directory)).filter((name) => !unfinishedNames.has(name));
    if (strangers.length === 0) return undefined;
    throw new DataDirectoryError(
      "foreign",
      `${directory} is not a Millrace data directory: it holds other files ("${strangers[0]}") and no format file.`,
    );
  }
  const format = decodeFormatFile(bytes, directory);
  if (format.devClock && !devClock) {
    throw new DataDirectoryError(
      "dev_clock",
      `The data directory ${directory} has seen the clock of --dev, whose times cannot be trusted; it opens with --dev only.`,
    );
  }
  return format;
}

const sentences: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "is not a directory",
  EEXIST: "is not a directory",
  EACCES: "may not be read and written by this user",
  EPERM: "may not be read and written by this user",
  EROFS: "is on a read-only file system",
  ENOSPC: "is on a full disk",
};

/** Any trouble of the file system at open, in one sentence. */
function asSentence(error: unknown, directory: string): unknown {
  const code = errorCode(error);
  if (error instanceof DataDirectoryError || code === undefined) return error;
  const what = sentences[code] ?? `cannot be opened (${code})`;
  return new DataDirectoryError("unreadable", `The data directory ${directory} ${what}.`, { cause: error });
}
