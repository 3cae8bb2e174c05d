import { close, constants, fdatasync, fstat, fsync, ftruncate, open, read, write } from "node:fs";
import { link, mkdir, readdir, rename, rm, rmdir, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { allocateAligned } from "../../../platform/aligned-memory.ts";
import { lockDirectory, lockForReading } from "./directory-lock.ts";
import { blockBytes, type Disk, type DiskFile, errorCode, type OpenMode } from "./disk.ts";

const openFile = promisify(open);
const closeFile = promisify(close);
const statFile = promisify(fstat);
const truncateFile = promisify(ftruncate);
const syncFile = promisify(fsync);
/** Bytes of one request to the disk: a larger one, such as a whole WAL file, would delay the writes of commits behind it. */
export const readBytesMax = 1024 * 1024;

/** Undefined on a system without direct I/O. */
const directFlags: number | undefined =
  constants.O_DIRECT === undefined || constants.O_DSYNC === undefined
    ? undefined
    : constants.O_DIRECT | constants.O_DSYNC;

export const openFlags: Readonly<Record<OpenMode, number>> = {
  read: constants.O_RDONLY,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC,
  write: constants.O_RDWR,
  direct: constants.O_RDWR | (directFlags ?? 0),
  createDirect: constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | (constants.O_DIRECT ?? 0),
};

/** Whether a file that is opened so reads and writes whole blocks only. */
export function isDirect(mode: OpenMode): boolean {
  return mode === "direct" || mode === "createDirect";
}

/** The real disk. */
export const nodeDisk: Disk = {
  allocate: allocateAligned,

  /** File systems without direct writes fail at open or at write, or return other bytes. */
  async probe(directory) {
    if (directFlags === undefined) return false;
    const path = `${directory}/probe.tmp`;
    const blocks = allocateAligned(2 * blockBytes);
    const [out, back] = [blocks.subarray(0, blockBytes), blocks.subarray(blockBytes)];
    for (let at = 0; at < blockBytes; at++) out[at] = (at * 7 + 1) & 0xff;
    try {
      const file = new NodeFile(await openFile(path, constants.O_RDWR | constants.O_CREAT | directFlags, 0o600), true);
      try {
        await file.write(out, 0);
        return (await file.read(back, 0)) === blockBytes && out.equals(back);
      } finally {
        await file.close();
      }
    } catch (error) {
      // On a full disk it is unknown; the directory must still open.
      if (["EINVAL", "EOPNOTSUPP", "ENOSPC"].includes(errorCode(error) ?? "")) return false;
      throw error;
    } finally {
      await rm(path, { force: true });
    }
  },

  async open(path, mode) {
    return new NodeFile(await openFile(path, openFlags[mode], 0o600), isDirect(mode));
  },

  list: (directory) => readdir(directory),

  makeDirectory,

  rename,
  link,
  remove: (path) => rm(path, { force: true }),

  async removeDirectory(directory) {
    try {
      await rmdir(directory);
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
  },

  async syncDirectory(directory) {
    // Windows cannot open a directory, and its file system journals names.
    if (process.platform === "win32") return;
    const descriptor = await openFile(directory, constants.O_RDONLY);
    try {
      await syncFile(descriptor);
    } finally {
      await closeFile(descriptor);
    }
  },

  async freeBytes(directory) {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  },

  lock: lockDirectory,
  lockForReading: async (directory) => lockForReading(directory),
};

/** One call for each level: the recursive `mkdir` of Node never returns where a new directory is absent again, as under /proc. */
async function makeDirectory(directory: string): Promise<string | undefined> {
  const made = await makeOne(directory);
  if (made !== "no parent") return made;
  const parent = dirname(directory);
  const first = parent === directory ? undefined : await makeDirectory(parent);
  if ((await makeOne(directory)) === "no parent") throw notPossibleHere(directory);
  return first ?? directory;
}

/** The directory if it was made, undefined if it exists. */
async function makeOne(directory: string): Promise<string | undefined | "no parent"> {
  try {
    await mkdir(directory, { mode: 0o700 });
    return directory;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "no parent";
    // Other codes than EEXIST too: of a read-only file system, of a parent that this user cannot write to.
    if (await isDirectory(directory)) return undefined;
    throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return false;
  }
}

/** Its parent exists, and still there is "no such file or directory". */
function notPossibleHere(directory: string): Error {
  return Object.assign(new Error(`no directory can be made at ${directory}`), { code: "ENOTSUP" });
}

class NodeFile implements DiskFile {
  readonly #descriptor: number;

  readonly #isDirect: boolean;

  constructor(descriptor: number, isDirect: boolean) {
    this.#descriptor = descriptor;
    this.#isDirect = isDirect;
  }

  async read(into: Uint8Array, at: number): Promise<number> {
    let done = 0;
    while (done < into.byteLength) {
      const count = await this.#readSome(into, done, at + done);
      if (count === 0) break;
      done += count;
      // A direct read ends inside a block only at the end of the file, and cannot continue from there.
      if (this.#isDirect && count % blockBytes !== 0) break;
    }
    return done;
  }

  write(bytes: Uint8Array, at: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const writeFrom = (done: number): void => {
        write(this.#descriptor, bytes, done, bytes.byteLength - done, at + done, (error, count) => {
          if (error !== null) return reject(error);
          const written = done + count;
          if (written === bytes.byteLength) return resolve();
          // A full disk takes a part first, and reports the error at the next write.
          if (count === 0) return reject(new Error("the disk accepted no more bytes"));
          writeFrom(written);
        });
      };
      writeFrom(0);
    });
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#descriptor, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  async length(): Promise<number> {
    return (await statFile(this.#descriptor)).size;
  }

  setLength(byteCount: number): Promise<void> {
    return truncateFile(this.#descriptor, byteCount);
  }

  close(): Promise<void> {
    return closeFile(this.#descriptor);
  }

  #readSome(into: Uint8Array, done: number, at: number): Promise<number> {
    return new Promise((resolve, reject) => {
      read(this.#descriptor, into, done, Math.min(into.byteLength - done, readBytesMax), at, (error, count) =>
        error === null ? resolve(count) : reject(error),
      );
    });
  }
}
