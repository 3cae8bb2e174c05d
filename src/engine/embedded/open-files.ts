// Hot path.
import { EngineError } from "../engine-error.ts";
import { damaged } from "./damage.ts";
import { type Disk, type DiskFile, errorCode } from "./disk.ts";

/** Files kept open for reading; the one unused for longest makes room. A shard's past of 32 GiB is read without opening anew. */
const openFilesMax = 512;

interface OpenFile {
  file: Promise<DiskFile> | undefined;
  /** Reads under way, and holds. */
  users: number;
  /** Told when nobody uses it any more. */
  waiters: (() => void)[];
}

/** Files of one directory, read by name: a bounded number is open at once, and none vanishes while it is in use. */
export class OpenFiles {
  readonly #disk: Disk;
  readonly #directory: string;
  /** How the directory is called in sentences. */
  readonly #room: string;
  /** In the order of last use. */
  readonly #files = new Map<string, OpenFile>();

  constructor(disk: Disk, directory: string, room: string) {
    this.#disk = disk;
    this.#directory = directory;
    this.#room = room;
  }

  /** A fresh buffer, the caller's own. Rejects with `corrupt` if the file ends before. */
  async read(name: string, at: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(length);
    const release = this.hold(name);
    try {
      const count = await (await this.#open(name)).read(bytes, at);
      if (count < length) throw damaged(`${this.#room}/${name} ends too early`);
      return bytes;
    } catch (error) {
      if (error instanceof EngineError) throw error;
      if (errorCode(error) === "ENOENT") throw damaged(`${this.#room}/${name} is missing`, { cause: error });
      throw new EngineError("unavailable", `${this.#room}/${name} cannot be read.`, { cause: error });
    } finally {
      release();
    }
  }

  /** Keeps a file from being removed until the returned function is called. */
  hold(name: string): () => void {
    const opened = this.#files.get(name) ?? { file: undefined, users: 0, waiters: [] };
    this.#files.delete(name);
    this.#files.set(name, opened);
    opened.users += 1;
    return () => {
      opened.users -= 1;
      if (opened.users === 0) for (const wake of opened.waiters.splice(0)) wake();
      this.#closeIdle();
    };
  }

  /** Resolves once nobody uses a file, which is then closed. Nobody may ask for it any more. */
  async retire(name: string): Promise<void> {
    const opened = this.#files.get(name);
    if (opened === undefined) return;
    if (opened.users > 0) {
      await new Promise<void>((resolve) => {
        opened.waiters.push(resolve);
      });
    }
    this.#files.delete(name);
    await closeQuietly(opened.file);
  }

  /** To be called when no read is under way. */
  async close(): Promise<void> {
    const files = [...this.#files.values()];
    this.#files.clear();
    for (const { file } of files) await closeQuietly(file);
  }

  #open(name: string): Promise<DiskFile> {
    const opened = this.#files.get(name);
    if (opened === undefined) throw new EngineError("closed", "The engine is closed.");
    if (opened.file === undefined) {
      const file = this.#disk.open(`${this.#directory}/${name}`, "read");
      opened.file = file;
      // A file that could not be opened must not stay known as such.
      file.catch(() => {
        opened.file = undefined;
      });
    }
    return opened.file;
  }

  #closeIdle(): void {
    for (const [name, { file, users }] of this.#files) {
      if (this.#files.size <= openFilesMax) return;
      if (users > 0) continue;
      this.#files.delete(name);
      void closeQuietly(file);
    }
  }
}

/** Nothing was written through these files, so nothing can be lost by a close that fails. */
async function closeQuietly(file: Promise<DiskFile> | undefined): Promise<void> {
  try {
    await (await file)?.close();
  } catch {
    // See above.
  }
}
