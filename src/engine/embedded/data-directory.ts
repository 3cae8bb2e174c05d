import { DataDirectoryError } from "./data-directory-error.ts";
import { type Disk, type DiskLock, errorCode, readWhole, replaceFile } from "./disk.ts";
import {
  type DirectoryIdentity,
  decodeFormatFile,
  encodeFormatFile,
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

export interface DataDirectory {
  readonly identity: DirectoryIdentity;
  readonly walDirectory: string;
  readonly catalogDirectory: string;
  readonly damageDirectory: string;
  /** Whether the log is written past the page cache, each write durable by itself; else each takes a sync. */
  readonly isDirect: boolean;
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
      const identity = await settleFormat(options);
      const [walDirectory, catalogDirectory] = [`${directory}/wal`, `${directory}/catalog`];
      await disk.makeDirectory(walDirectory);
      await disk.makeDirectory(catalogDirectory);
      await disk.syncDirectory(directory);
      const isDirect = await disk.probe(walDirectory);
      return { identity, walDirectory, catalogDirectory, damageDirectory: `${directory}/damage`, isDirect, lock };
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw asSentence(error, directory);
  }
}

async function settleFormat(options: DataDirectoryOptions): Promise<DirectoryIdentity> {
  const { disk, directory, nowMs, randomBytes, devClock } = options;
  const present = await readFormat(options);
  if (present !== undefined && (present.devClock || !devClock)) return present.identity;
  const format = {
    identity: present?.identity ?? identityOf(randomBytes(16), randomBytes(8)),
    madeMs: present?.madeMs ?? nowMs,
    devClock,
  };
  await replaceFile(disk, directory, formatFileName, encodeFormatFile(format));
  return format.identity;
}

/** Undefined for a directory that is empty, or as good as. */
async function readFormat({ disk, directory, devClock }: DataDirectoryOptions) {
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
