import { randomBytes } from "node:crypto";
import {
  type DirectoryIdentity,
  decodeFormatFile,
  encodeFormatFile,
  type FormatFile,
  formatFileName,
  identityOf,
} from "../format/format-file.ts";
import { keyFileName } from "../format/key-file.ts";
import type { Finding } from "../io/damage-report.ts";
import { DataDirectoryError } from "../io/data-directory-error.ts";
import { type Disk, type DiskLock, errorCode, readWhole, replaceFile } from "../io/disk.ts";
import type { DirectoryContents } from "./directory-cipher.ts";
import { makeDirectoryKey, openDirectoryKey, readKeyFile } from "./directory-key.ts";
import type { RootKeyProvider } from "./root-key-provider.ts";

export interface DataDirectoryOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly nowMs: number;
  readonly randomBytes: (byteCount: number) => Buffer;
  /** Whether this session runs on a dev clock; marks the directory for good. */
  readonly devClock: boolean;
  /** Given: the directory is encrypted, or refused. */
  readonly keys: RootKeyProvider | undefined;
}

/** Where everything in a directory is, and what it is checked against. */
export interface DirectoryPaths {
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

export interface DataDirectory extends DirectoryPaths, DirectoryContents {
  readonly lock: DiskLock;
  /** What was found of its key's file. */
  readonly findings: readonly Finding[];
}

const lockNames: readonly string[] = ["lock", "lock.held", "lock.held-journal"];
/** What a start may leave behind that died before `format` was in place. */
const unfinishedNames: ReadonlySet<string> = new Set([
  ...lockNames,
  `${formatFileName}.tmp`,
  keyFileName,
  `${keyFileName}.tmp`,
]);

/** Makes the directory if need be, refuses what is not ours to open, and keeps every other process out. */
export async function openDataDirectory(options: DataDirectoryOptions): Promise<DataDirectory> {
  const { disk, directory } = options;
  try {
    await disk.makeDirectory(directory);
    const seen = await readFormat(options);
    // Before anything is touched: without its key the directory stays as it is.
    const opened = seen === undefined ? undefined : await openContents(options, seen);
    const lock = await disk.lock(directory);
    try {
      // Read again: another process may have made it before the lock was ours.
      const made = await settleFormat(options);
      const { format } = made;
      const contents = opened ?? made.contents ?? (await openContents(options, format));
      const [walDirectory, catalogDirectory] = [`${directory}/wal`, `${directory}/catalog`];
      await disk.makeDirectory(walDirectory);
      await disk.makeDirectory(catalogDirectory);
      await disk.syncDirectory(directory);
      const isDirect = await disk.probe(walDirectory);
      return { ...placesIn(directory, format, isDirect), lock, ...contents };
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw asSentence(error, directory);
  }
}

/**
 * Opens a directory with its lock to read it: nothing in it is changed. The contents of an encrypted one are readable only
 * with keys; a plain one does not use them.
 */
export async function openReadOnly(
  disk: Disk,
  directory: string,
  keys: RootKeyProvider | undefined,
): Promise<DataDirectory> {
  const places = await directoryPathsOf(disk, directory);
  try {
    const contents = await lookInto({ disk, directory, keys, randomBytes }, places.format);
    return { ...places, lock: await disk.lock(directory), ...contents };
  } catch (error) {
    throw asSentence(error, directory);
  }
}

/** Paths of a directory that a server may have open, and change at any moment. */
export async function directoryPathsOf(disk: Disk, directory: string): Promise<DirectoryPaths> {
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
export async function openForCopy(disk: Disk, directory: string, format: FormatFile): Promise<DataDirectory> {
  try {
    await disk.makeDirectory(directory);
    await requireVacant(disk, directory);
    const lock = await disk.lock(directory);
    try {
      await requireVacant(disk, directory);
      const places = placesIn(directory, format, false);
      await disk.makeDirectory(places.walDirectory);
      await disk.makeDirectory(places.catalogDirectory);
      return { ...places, lock, ...plain };
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw asSentence(error, directory);
  }
}

/** Such a directory once all but its `format` stands in it; an encrypted one stays closed. */
export async function finishedCopy(disk: Disk, filled: DataDirectory): Promise<DataDirectory> {
  const options = { disk, directory: filled.path, keys: undefined, randomBytes };
  return { ...filled, ...(await lookInto(options, filled.format)) };
}

async function requireVacant(disk: Disk, directory: string): Promise<void> {
  const names = (await disk.list(directory)).filter((name) => !lockNames.includes(name));
  if (names.length === 0) return;
  const sentence = `${directory} ${occupation(names)}; name a directory that is empty or does not exist.`;
  throw new DataDirectoryError("occupied", sentence);
}

function occupation(names: readonly string[]): string {
  if (names.includes(formatFileName)) return "holds a data directory already";
  return names.includes("wal") ? "holds a copy that was never finished" : `is not empty ("${names[0]}")`;
}

function placesIn(path: string, format: FormatFile, isDirect: boolean): DirectoryPaths {
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

/** How the contents are read, and what was found on the way. */
type Opened = Pick<DataDirectory, "cipher" | "isClosed" | "findings">;

const plain: Opened = { cipher: undefined, isClosed: false, findings: [] };

/** Throws `DataDirectoryError` unless the directory is encrypted just as it is wanted, and its key can be had. */
async function openContents(options: DataDirectoryOptions, format: FormatFile): Promise<Opened> {
  const { directory, keys } = options;
  if (format.isEncrypted !== true && keys !== undefined) {
    throw new DataDirectoryError(
      "plain",
      `The data directory ${directory} is not encrypted and cannot become so; give --encrypt-at-rest a new directory, and put the records there.`,
    );
  }
  if (format.isEncrypted === true && keys === undefined) {
    throw new DataDirectoryError(
      "encrypted",
      `The data directory ${directory} is encrypted; it opens with --encrypt-at-rest and the master key that it was made with only.`,
    );
  }
  return lookInto(options, format);
}

async function lookInto(
  options: Pick<DataDirectoryOptions, "disk" | "directory" | "keys" | "randomBytes">,
  { identity, isEncrypted }: FormatFile,
): Promise<Opened> {
  if (isEncrypted !== true) return plain;
  const { file, findings } = await readKeyFile(options, identity);
  if (options.keys === undefined) return { cipher: undefined, isClosed: true, findings };
  const cipher = await openDirectoryKey(options, { keys: options.keys, file, identity });
  return { cipher, isClosed: false, findings };
}

/** The format as it is, with what it needs to be; and the contents of a directory that was made just now. */
async function settleFormat(
  options: DataDirectoryOptions,
): Promise<{ readonly format: FormatFile; readonly contents?: Opened }> {
  const { disk, directory, nowMs, randomBytes, devClock, keys } = options;
  const present = await readFormat(options);
  if (present !== undefined) {
    if (present.devClock || !devClock) return { format: present };
    const format = { ...present, devClock };
    await replaceFile(disk, directory, formatFileName, encodeFormatFile(format));
    return { format };
  }
  const identity = identityOf(randomBytes(16), randomBytes(8));
  // The format comes last: until then there is no directory.
  const cipher = keys === undefined ? undefined : await makeDirectoryKey(options, keys, identity);
  const format = { identity, madeMs: nowMs, devClock, ...(cipher === undefined ? {} : { isEncrypted: true as const }) };
  await replaceFile(disk, directory, formatFileName, encodeFormatFile(format));
  return { format, contents: { ...plain, cipher } };
}

/** Before anything leaves the log: programs that know the log alone must refuse the directory from now on. */
export async function requireSegmentFormat(disk: Disk, { path, format }: DirectoryPaths): Promise<void> {
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
