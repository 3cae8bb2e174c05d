import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { blockBytes, type Disk, type DiskFile } from "../../../src/engine/embedded/io/disk.ts";

const statBlockBytes = 512;

/** A directory whose files may have so many bytes in all, for a user who may not have a small file system. */
export class LimitedDirectory {
  readonly #directory: string;
  readonly #byteCount: number;

  constructor(directory: string, byteCount: number) {
    this.#directory = directory;
    this.#byteCount = byteCount;
  }

  /** The limit that a server was started with, by `environment`. */
  static fromEnvironment(): LimitedDirectory | undefined {
    const { DISK_LIMIT_DIRECTORY: directory, DISK_LIMIT_BYTES: byteCount } = process.env;
    return directory === undefined ? undefined : new LimitedDirectory(directory, Number(byteCount));
  }

  /** With it a server has the limit too. */
  get environment(): Readonly<Record<string, string>> {
    const preload = pathToFileURL(join(import.meta.dirname, "limit-disks.ts")).href;
    return {
      NODE_OPTIONS: `--import=${preload}`,
      DISK_LIMIT_DIRECTORY: this.#directory,
      DISK_LIMIT_BYTES: String(this.#byteCount),
    };
  }

  /** The blocks that the files have, holes not counted. Measured each time, because several threads and processes write. */
  freeBytes(): number {
    const entries = readdirSync(this.#directory, { recursive: true, encoding: "utf8" });
    const usedBytes = entries.reduce((sum, name) => sum + allocatedBytes(join(this.#directory, name)), 0);
    return Math.max(0, this.#byteCount - usedBytes);
  }

  takeAllSpace(path: string): void {
    writeFileSync(path, Buffer.alloc(this.freeBytes(), 1));
  }

  /** The methods of a disk that has the limit. */
  methodsOf(disk: Disk): Pick<Disk, "open" | "freeBytes"> {
    const open = disk.open.bind(disk);
    return {
      open: async (path, mode) => {
        const file = await open(path, mode);
        const write = file.write.bind(file);
        file.write = (bytes, at) => this.#write(path, write, bytes, at);
        return file;
      },
      freeBytes: async () => this.freeBytes(),
    };
  }

  /** As a file system does it: what fits is written, then the error comes. */
  async #write(path: string, write: DiskFile["write"], bytes: Uint8Array, at: number): Promise<void> {
    const newBytes = Math.max(0, at + bytes.byteLength - allocatedBytes(path));
    const missingBytes = newBytes - this.freeBytes();
    if (missingBytes <= 0) return await write(bytes, at);
    const fittingBytes = Math.floor(Math.max(0, bytes.byteLength - missingBytes) / blockBytes) * blockBytes;
    if (fittingBytes > 0) await write(bytes.subarray(0, fittingBytes), at);
    throw Object.assign(new Error(`ENOSPC: no space left on device, write ${path}`), { code: "ENOSPC" });
  }
}

/** 0 for a file that was removed or renamed meanwhile. */
function allocatedBytes(path: string): number {
  return (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * statBlockBytes;
}
