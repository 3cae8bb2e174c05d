import { walFileName } from "../format/wal-file.ts";
import type { Disk } from "../io/disk.ts";
import { OpenFiles } from "../io/open-files.ts";
import type { ReadArena } from "../io/read-arena.ts";
import { generationOf, offsetOf, type WalAddress } from "../state/wal-index.ts";
import type { TailWindow } from "./tail-window.ts";

/** Reads bytes of the WAL by address: the newest from the tail window, all others from files. */
export class WalRangeReader {
  readonly #files: OpenFiles;
  readonly #window: TailWindow;

  constructor(disk: Disk, directory: string, window: TailWindow) {
    this.#files = new OpenFiles({ disk, directory, label: "wal", isDirect: false });
    this.#window = window;
  }

  /** A view of the tail window, valid until the next `await`; undefined if the bytes are not in it. */
  view(address: WalAddress, length: number): Buffer | undefined {
    return this.#window.view(address, length);
  }

  /** Reads into memory of `arena`, or a new buffer without one. Rejects with `corrupt` if the file ends before. */
  read(address: WalAddress, length: number, arena?: ReadArena): Promise<Buffer> {
    return this.#files.read(walFileName(generationOf(address)), offsetOf(address), length, arena);
  }

  /** Resolves when no read of a file is in flight, and closes it; no read of it may begin afterwards. */
  retire(generation: number): Promise<void> {
    return this.#files.retire(walFileName(generation));
  }

  /** Call it when no read is in flight. */
  close(): Promise<void> {
    return this.#files.close();
  }
}
