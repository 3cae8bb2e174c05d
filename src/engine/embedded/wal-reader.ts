// Hot path.
import { EngineError } from "../engine-error.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { type Address, generationOf, offsetOf } from "./log-index.ts";
import type { TailWindow } from "./tail-window.ts";
import { walFileName } from "./wal-file.ts";

/** Files kept open for reading; the one unused for longest makes room. */
const openFilesMax = 32;

interface OpenFile {
  readonly file: Promise<DiskFile>;
  users: number;
}

/** Bytes of the log by address, from memory if they are new enough, else from the file. */
export class WalReader {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #window: TailWindow;
  /** In the order of last use. */
  readonly #files = new Map<number, OpenFile>();

  constructor(disk: Disk, directory: string, window: TailWindow) {
    this.#disk = disk;
    this.#directory = directory;
    this.#window = window;
  }

  /** A view into memory that may be overwritten at the next turn, or undefined. */
  view(address: Address, length: number): Buffer | undefined {
    return this.#window.view(address, length);
  }

  /** A fresh buffer, the caller's own. Rejects with `corrupt` if the file ends before. */
  async read(address: Address, length: number): Promise<Buffer> {
    const generation = generationOf(address);
    const name = walFileName(generation);
    const bytes = Buffer.allocUnsafeSlow(length);
    const opened = this.#open(generation, name);
    opened.users += 1;
    try {
      const count = await (await opened.file).read(bytes, offsetOf(address));
      if (count < length) throw new EngineError("corrupt", `The log is damaged: wal/${name} ends too early.`);
      return bytes;
    } catch (error) {
      if (error instanceof EngineError) throw error;
      throw new EngineError("unavailable", `wal/${name} cannot be read.`, { cause: error });
    } finally {
      opened.users -= 1;
      this.#closeIdle();
    }
  }

  /** To be called when no read is under way. */
  async close(): Promise<void> {
    const files = [...this.#files.values()];
    this.#files.clear();
    for (const { file } of files) await closeQuietly(file);
  }

  #open(generation: number, name: string): OpenFile {
    const known = this.#files.get(generation);
    const opened = known ?? { file: this.#disk.open(`${this.#directory}/${name}`, "read"), users: 0 };
    // A file that could not be opened must not stay known as such.
    if (known === undefined) opened.file.catch(() => this.#files.delete(generation));
    this.#files.delete(generation);
    this.#files.set(generation, opened);
    return opened;
  }

  #closeIdle(): void {
    for (const [generation, { file, users }] of this.#files) {
      if (this.#files.size <= openFilesMax) return;
      if (users > 0) continue;
      this.#files.delete(generation);
      void closeQuietly(file);
    }
  }
}

/** Nothing was written through these files, so nothing can be lost by a close that fails. */
async function closeQuietly(file: Promise<DiskFile>): Promise<void> {
  try {
    await (await file).close();
  } catch {
    // See above.
  }
}
