import { EngineError } from "../../engine-error.ts";
import { damaged } from "./damage.ts";
import { blockBytes, type Disk, type DiskFile, errorCode } from "./disk.ts";
import type { ReadArena } from "./read-arena.ts";

/** Files kept open for reading; the one unused for longest makes room. A shard's past of 32 GiB is read without opening anew. */
const openFilesMax = 512;

type Mode = "read" | "direct";

interface OpenFile {
  readonly handles: Map<Mode, Promise<DiskFile>>;
  /** Reads under way, and holds. */
  users: number;
  /** Told when nobody uses it any more. */
  waiters: (() => void)[];
}

export interface OpenFilesOptions {
  readonly disk: Disk;
  readonly directory: string;
  /** How the directory is called in sentences. */
  readonly room: string;
  /**
   * Whether the files, each of whole blocks, are read past the system's cache where there is memory for it. Then it does
   * not read ahead what other shards have there, and one drained shard does not drive out of it what others want.
   */
  readonly isDirect: boolean;
}

/** Files of one directory, read by name: a bounded number is open at once, and none vanishes while it is in use. */
export class OpenFiles {
  readonly #options: OpenFilesOptions;
  /** In the order of last use. */
  readonly #files = new Map<string, OpenFile>();

  constructor(options: OpenFilesOptions) {
    this.#options = options;
  }

  /** Into the memory given, or a buffer of the caller's own. Rejects with `corrupt` if the file ends before. */
  async read(name: string, at: number, length: number, memory?: ReadArena): Promise<Buffer> {
    const { room, isDirect } = this.#options;
    const blocksAt = at - (at % blockBytes);
    const blocks = isDirect ? memory?.takeBlocks(blocksEnd(at + length) - blocksAt) : undefined;
    const release = this.hold(name);
    try {
      if (blocks !== undefined) {
        const count = await (await this.#open(name, "direct")).read(blocks, blocksAt);
        const bytes = blocks.subarray(at - blocksAt, Math.min(count, at - blocksAt + length));
        if (bytes.length < length) throw damaged(`${room}/${name} ends too early`);
        return bytes;
      }
      const bytes = memory?.take(length) ?? Buffer.allocUnsafeSlow(length);
      const count = await (await this.#open(name, "read")).read(bytes, at);
      if (count < length) throw damaged(`${room}/${name} ends too early`);
      return bytes;
    } catch (error) {
      if (error instanceof EngineError) throw error;
      if (errorCode(error) === "ENOENT") throw damaged(`${room}/${name} is missing`, { cause: error });
      throw new EngineError("unavailable", `${room}/${name} cannot be read.`, { cause: error });
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
    await closeQuietly(opened);
  }

  /** To be called when no read is under way. */
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
    // A file that could not be opened must not stay known as such.
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

/** Where the block ends in which a byte range ends. */
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
