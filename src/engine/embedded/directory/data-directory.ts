import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { EngineError } from "../../engine-error.ts";
import {
  type DirectoryIdentity,
  decodeFormatFile,
  encodeFormatFile,
  type FormatFile,
  formatFileName,
  identityOf,
} from "../format/format-file.ts";
import { keyFileName } from "../format/key-file.ts";
import {
  type NewestWal,
  newestWalName,
  noWalFile,
  replaceNewestWal,
  rewriteNewestWal,
} from "../format/newest-wal-file.ts";
import type { DamageFinding } from "../io/damage-files.ts";
import { DataDirectoryError } from "../io/data-directory-error.ts";
import { type Disk, type DiskLock, errorCode, readWhole, replaceFile } from "../io/disk.ts";
import type { ContentAccess } from "./content-cipher.ts";
import { makeDirectoryKey, openDirectoryKey, readKeyFile } from "./directory-key.ts";
import type { RootKeyProvider } from "./root-key-provider.ts";

export interface DataDirectoryOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly nowMs: number;
  readonly randomBytes: (byteCount: number) => Buffer;
  /** Whether this open uses a clock that can be moved (`--dev`); it marks the directory for ever. */
  readonly devClock: boolean;
  /** With keys the directory must be encrypted, without it must be plain. */
  readonly keys: RootKeyProvider | undefined;
}

/** The paths of a data directory, and what its files are verified against. */
export interface DirectoryPaths {
  readonly path: string;
  readonly identity: DirectoryIdentity;
  /** As it was when the directory was opened. */
  readonly format: FormatFile;
  readonly walDirectory: string;
  readonly catalogDirectory: string;
  /** Exists from the first flush on. */
  readonly segmentDirectory: string;
  readonly damageDirectory: string;
  /** Whether WAL writes bypass the page cache and are durable by themselves; else a sync follows each. */
  readonly isDirect: boolean;
}

export interface DataDirectory extends DirectoryPaths, ContentAccess {
  readonly lock: DiskLock;
  /** Damage of `directory.key`. */
  readonly findings: readonly DamageFinding[];
}

const lockNames: readonly string[] = ["lock", "lock.held", "lock.held-journal"];
/** Files that a start leaves behind if it dies before it has written `format`. */
const unfinishedNames: ReadonlySet<string> = new Set([
  ...lockNames,
  `${formatFileName}.tmp`,
  keyFileName,
  `${keyFileName}.tmp`,
  newestWalName,
  `${newestWalName}.tmp`,
]);

/**
 * Throws `EngineError("unavailable")` unless the directory is still locked by this process. To be called before a change that
 * would destroy what another server has written: a new WAL file, a new manifest.
 */
export function requireLock({ lock, path }: Pick<DataDirectory, "lock" | "path">): void {
  if (!lock.isHeld()) throw lockLost(path);
}

/** The error of a server whose directory another one may have open. */
export function lockLost(path: string): EngineError {
  return new EngineError(
    "unavailable",
    `The lock of the data directory ${path} is lost: its file lock.held was removed or replaced, so another server may ` +
      "have the directory open. This server stores nothing any more; what it has acknowledged before is on the disk. " +
      "Stop all servers on this directory, then start one.",
  );
}

/** Opens and locks a data directory; makes it if it is absent or empty. Throws `DataDirectoryError` and changes nothing otherwise. */
export async function openDataDirectory(options: DataDirectoryOptions): Promise<DataDirectory> {
  const { disk, directory } = options;
  try {
    const firstMade = await disk.makeDirectory(directory);
    const seen = await readFormat(options);
    // Before any change: without its key the directory stays as it is.
    const opened = seen === undefined ? undefined : await openContents(options, seen);
    const lock = await disk.lock(directory);
    try {
      // Read again: another process may have made the directory before this one had the lock.
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
      await removeMade(disk, directory, firstMade);
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw asSentence(error, directory);
  }
}

/**
 * Removes a directory that `makeDirectory` has made, with the parents that it made, unless it has become a data directory or
 * has other files. Call it while the lock is held; the lock must be released all the same.
 */
export async function removeMade(disk: Disk, directory: string, firstMade: string | undefined): Promise<void> {
  if (firstMade === undefined) return;
  try {
    const names = await disk.list(directory);
    if (names.some((name) => !unfinishedNames.has(name))) return;
    for (const name of names) await disk.remove(`${directory}/${name}`);
    for (let path = directory; path.length >= firstMade.length; path = dirname(path)) await disk.removeDirectory(path);
  } catch (error) {
    // What cannot be removed stays, as after a crash: it is empty but for files of an unfinished start.
    if (errorCode(error) === undefined) throw error;
  }
}

/**
 * Opens and locks a directory that is only read. Without keys the content of an encrypted one stays unknown (`isClosed`); a
 * plain one ignores keys.
 */
export async function openReadOnly(
  disk: Disk,
  directory: string,
  keys: RootKeyProvider | undefined,
): Promise<DataDirectory> {
  const places = await directoryPathsOf(disk, directory);
  try {
    const contents = await lookInto({ disk, directory, keys, randomBytes }, places.format);
    return { ...places, lock: await disk.lockForReading(directory), ...contents };
  } catch (error) {
    throw asSentence(error, directory);
  }
}

/** The paths of a directory that a server may have open and change meanwhile. */
export async function directoryPathsOf(disk: Disk, directory: string): Promise<DirectoryPaths> {
  try {
    const format = await readFormat({ disk, directory, devClock: true });
    if (format === undefined)
      throw new DataDirectoryError(
        "foreign",
        `${directory} is not a Millrace data directory: it has no "format" file.`,
      );
    return placesIn(directory, format, false);
  } catch (error) {
    throw asSentence(error, directory);
  }
}

/** The target of a copy, and the first directory that was made for it; undefined if it was there before. */
export interface CopyTarget extends DataDirectory {
  readonly firstMade: string | undefined;
}

/**
 * Makes and locks the target of a copy, which becomes a data directory when its `format` is written last; until then every
 * open refuses it. Rejects unless it is absent or empty.
 */
export async function openForCopy(disk: Disk, directory: string, format: FormatFile): Promise<CopyTarget> {
  try {
    const firstMade = await disk.makeDirectory(directory);
    await requireVacant(disk, directory);
    const lock = await disk.lock(directory);
    try {
      await requireVacant(disk, directory);
      const places = placesIn(directory, format, false);
      await disk.makeDirectory(places.walDirectory);
      await disk.makeDirectory(places.catalogDirectory);
      return { ...places, lock, ...plain, firstMade };
    } catch (error) {
      await removeMade(disk, directory, firstMade);
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw asSentence(error, directory);
  }
}

/** The same when all its files but `format` are written; the content of an encrypted one stays unknown (`isClosed`). */
export async function finishedCopy(disk: Disk, filled: DataDirectory): Promise<DataDirectory> {
  const options = { disk, directory: filled.path, keys: undefined, randomBytes };
  return { ...filled, ...(await lookInto(options, filled.format)) };
}

async function requireVacant(disk: Disk, directory: string): Promise<void> {
  const names = (await disk.list(directory)).filter((name) => !lockNames.includes(name));
  if (names.length === 0) return;
  const sentence = `The target directory ${directory} ${occupation(names)}. Nothing was changed. Choose a directory that is empty or does not exist.`;
  throw new DataDirectoryError("occupied", sentence);
}

function occupation(names: readonly string[]): string {
  if (names.includes(formatFileName)) return "already contains a data directory";
  const isUnfinished = names.some((name) => name === "wal" || name.startsWith(newestWalName));
  return isUnfinished ? "contains an unfinished copy" : `is not empty ("${names[0]}")`;
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

/** The cipher of the contents, and the findings of `directory.key`. */
type Opened = Pick<DataDirectory, "cipher" | "isClosed" | "findings">;

const plain: Opened = { cipher: undefined, isClosed: false, findings: [] };

/** Throws `DataDirectoryError` unless the directory is encrypted if and only if there are keys, and its key can be unwrapped. */
async function openContents(options: DataDirectoryOptions, format: FormatFile): Promise<Opened> {
  const { directory, keys } = options;
  if (format.isEncrypted !== true && keys !== undefined) {
    throw new DataDirectoryError(
      "plain",
      `The data directory ${directory} is not encrypted, and an existing directory cannot be encrypted. Nothing was changed. Start without --encrypt-at-rest, or use --encrypt-at-rest with a new --data-dir.`,
    );
  }
  if (format.isEncrypted === true && keys === undefined) {
    throw new DataDirectoryError(
      "encrypted",
      `The data directory ${directory} is encrypted, and no key was given. Nothing was changed. Start with --encrypt-at-rest and the keyring or KMS key of this directory.`,
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

/** The present format, marked for a dev clock if need be; for a new directory the new format and its cipher. */
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
  // `format` is written last: it makes the directory valid.
  const cipher = keys === undefined ? undefined : await makeDirectoryKey(options, keys, identity);
  await replaceNewestWal(disk, directory, noWalFile, identity);
  const format = {
    identity,
    madeMs: nowMs,
    devClock,
    hasNewestWal: true as const,
    ...(cipher === undefined ? {} : { isEncrypted: true as const }),
  };
  await replaceFile(disk, directory, formatFileName, encodeFormatFile(format));
  return { format, contents: { ...plain, cipher } };
}

/**
 * Makes the newest WAL file of a recovered directory durable in `newest-wal`, in both slots, and marks a directory of an
 * earlier version: from then on the file must exist. On a full disk such a directory stays as it is. Resolves with the format.
 */
export async function settleNewestWal(
  disk: Disk,
  { path, identity, format }: DirectoryPaths,
  newest: NewestWal,
): Promise<FormatFile> {
  if (format.hasNewestWal === true) {
    await rewriteNewestWal(disk, path, newest, identity);
    return format;
  }
  const marked = { ...format, hasNewestWal: true as const };
  try {
    await replaceNewestWal(disk, path, newest, identity);
    await replaceFile(disk, path, formatFileName, encodeFormatFile(marked));
  } catch (error) {
    if (errorCode(error) !== "ENOSPC") throw error;
    return format;
  }
  return marked;
}

/** Marks the directory before the first flush: from now on there must be a manifest. */
export async function requireSegmentFormat(disk: Disk, { path, format }: DirectoryPaths): Promise<void> {
  await replaceFile(disk, path, formatFileName, encodeFormatFile({ ...format, hasSegments: true }));
}

/** Undefined for a directory that is empty but for the files of an unfinished start. */
async function readFormat({
  disk,
  directory,
  devClock,
}: Pick<DataDirectoryOptions, "disk" | "directory" | "devClock">): Promise<FormatFile | undefined> {
  const bytes = await readWhole(disk, `${directory}/${formatFileName}`);
  if (bytes === undefined) {
    const foreignNames = (await disk.list(directory)).filter((name) => !unfinishedNames.has(name));
    if (foreignNames.length === 0) return undefined;
    throw new DataDirectoryError(
      "foreign",
      `${directory} is not a Millrace data directory: it contains other files ("${foreignNames[0]}") and no "format" file. Nothing was changed. Name the data directory of a server, or an empty directory for a new one.`,
    );
  }
  const format = decodeFormatFile(bytes, directory);
  if (format.devClock && !devClock) {
    throw new DataDirectoryError(
      "dev_clock",
      `The data directory ${directory} was used with --dev, whose clock can be moved, so its timestamps cannot be trusted. Nothing was changed. Start with --dev, or choose another --data-dir.`,
    );
  }
  return format;
}

const sentences: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "is not a directory",
  EEXIST: "is not a directory",
  EACCES: "cannot be read and written by this user (permission denied)",
  EPERM: "cannot be read and written by this user (operation not permitted)",
  EROFS: "is on a read-only file system",
  ENOSPC: "is on a full disk",
  ENOTSUP: "cannot be made: its file system has no new directories there",
};

/** Why a directory that does not exist cannot be made. */
const sentencesOfMaking: Readonly<Record<string, string>> = {
  EACCES: "this user may not write to",
  EPERM: "this user may not write to",
  EROFS: "the file system is read-only at",
};

/** Turns an error of the file system at open into a `DataDirectoryError("unreadable")`. */
function asSentence(error: unknown, directory: string): unknown {
  const code = errorCode(error);
  if (error instanceof DataDirectoryError || code === undefined) return error;
  const what = whyNotMade(error, code) ?? sentences[code] ?? `cannot be opened (${code})`;
  return new DataDirectoryError("unreadable", `The data directory ${directory} ${what}.`, { cause: error });
}

function whyNotMade(error: unknown, code: string): string | undefined {
  const { syscall, path } = error as NodeJS.ErrnoException;
  const why = sentencesOfMaking[code];
  if (syscall !== "mkdir" || path === undefined || why === undefined) return undefined;
  return `does not exist and cannot be made, because ${why} ${dirname(path)} (${code})`;
}
