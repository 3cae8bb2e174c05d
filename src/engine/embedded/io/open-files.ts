import { EngineError } from "../../engine-error.ts";
import { damaged } from "./damage.ts";
import { blockBytes, type Disk, type DiskFile, errorCode } from "./disk.ts";
import type { ReadArena } from "./read-arena.ts";

/** Files kept open for reading; beyond it the least recently used is closed. */
const openFilesMax = 512;

type Mode = "read" | "direct";

interface OpenFile {
  readonly handles: Map<Mode, Promise<DiskFile>>;
  /** Reads in flight, and holds. */
  users: number;
  /** Called when `users` is 0 again. */
  waiters: (() => void)[];
}

export interface OpenFilesOptions {
  readonly disk: Disk;
  readonly directory: string;
  /** The name of the directory in messages. */
  readonly label: string;
  /**
   * Whether the files, each of whole blocks, are read past the page cache where there is aligned memory. Then the system does
   * not read ahead entries of other shards, and one drained shard does not evict what others need.
   */
  readonly isDirect: boolean;
}

/** Reads files of one directory by name. A bounded number is open at once, and none is closed while it is in use. */
export class OpenFiles {
  readonly #options: OpenFilesOptions;
  /** In the order of last use. */
  readonly #files = new Map<string, OpenFile>();

  constructor(options: OpenFilesOptions) {
    this.#options = options;
  }

  /** Reads into memory of `arena`, or a new buffer without one. Rejects with `corrupt` if the file is missing or ends before. */
  async read(name: string, at: number, length: number, arena?: ReadArena): Promise<Buffer> {
    const { label, isDirect } = this.#options;
    const blocksAt = at - (at % blockBytes);
    const blocks = isDirect ? arena?.takeBlocks(blocksEnd(at + length) - blocksAt) : undefined;
    const release = this.hold(name);
    try {
      if (blocks !== undefined) {
        const count = await (await this.#open(name, "direct")).read(blocks, blocksAt);
        const bytes = blocks.subarray(at - blocksAt, Math.min(count, at - blocksAt + length));
        if (bytes.length < length) throw damaged(`${label}/${name} ends too early`);
        return bytes;
      }
      const bytes = arena?.take(length) ?? Buffer.allocUnsafeSlow(length);
      const count = await (await this.#open(name, "read")).read(bytes, at);
      if (count < length) throw damaged(`${label}/${name} ends too early`);
      return bytes;
    } catch (error) {
      if (error instanceof EngineError) throw error;
      if (errorCode(error) === "ENOENT") throw damaged(`${label}/${name} is missing`, { cause: error });
      throw new EngineError(
        "unavailable",
        `The file ${label}/${name} cannot be read (${reasonOf(error)}). The request failed, and no data was changed. Check the disk and the permissions.`,
        { cause: error },
      );
    } finally {
      release();
    }
  }

  /** Keeps a file from being removed until the returned function is called. */
  hold(name: string): () => void {
    const opened = this.#files.get(name) ?? { handles: new Map(), users: 0, waiters: [] };
    this.#files.delete(name);
    this.#files.set(name, opened);
    opened.users += 1;
    return () => {
      opened.users -= 1;
      if (opened.users === 0) for (const wake of opened.waiters.splice(0)) wake();
      this.#closeIdle();
    };
  }

  /** Resolves when a file has no users, and closes it; no call may name it afterwards. */
  async retire(name: string): Promise<void> {
    const opened = this.#files.get(name);
    if (opened === undefined) return;
    if (opened.users > 0) {
      await new Promise<void>((resolve) => {
        opened.waiters.push(resolve);
      });
    }
    this.#files.delete(name);
    await closeQuietly(opened);
  }

  /** Call it when no read is in flight. */
  async close(): Promise<void> {
    const files = [...this.#files.values()];
    this.#files.clear();
    for (const file of files) await closeQuietly(file);
  }

  #open(name: string, mode: Mode): Promise<DiskFile> {
    const opened = this.#files.get(name);
    if (opened === undefined) throw new EngineError("closed", "The engine is closed.");
    const known = opened.handles.get(mode);
    if (known !== undefined) return known;
    const { disk, directory } = this.#options;
    const handle = disk.open(`${directory}/${name}`, mode);
    opened.handles.set(mode, handle);
    // After a failure the next read tries again.
    handle.catch(() => opened.handles.delete(mode));
    return handle;
  }

  #closeIdle(): void {
    for (const [name, opened] of this.#files) {
      if (this.#files.size <= openFilesMax) return;
      if (opened.users > 0) continue;
      this.#files.delete(name);
      void closeQuietly(opened);
    }
  }
}

/** Rounds up to the end of a block. */
function blocksEnd(end: number): number {
  return Math.ceil(end / blockBytes) * blockBytes;
}

/** Nothing was written through these files, so nothing can be lost by a close that fails. */
async function closeQuietly({ handles }: OpenFile): Promise<void> {
  for (const handle of handles.values()) {
    try {
      await (await handle).close();
    } catch {
      // See above.
    }
  }
}

function reasonOf(error: unknown): string {
  return errorCode(error) ?? String(error);
}
