import { walFileName } from "../format/wal-file.ts";
import type { Disk } from "../io/disk.ts";
import { OpenFiles } from "../io/open-files.ts";
import type { ReadArena } from "../io/read-arena.ts";
import { generationOf, offsetOf, type WalAddress } from "../state/log-index.ts";
import type { TailWindow } from "./tail-window.ts";

/** Bytes of the log by address, from memory if they are new enough, else from the file. */
export class WalReader {
  readonly #files: OpenFiles;
  readonly #window: TailWindow;

  constructor(disk: Disk, directory: string, window: TailWindow) {
    this.#files = new OpenFiles({ disk, directory, room: "wal", isDirect: false });
    this.#window = window;
  }

  /** A view into memory that may be overwritten at the next turn, or undefined. */
  view(address: WalAddress, length: number): Buffer | undefined {
    return this.#window.view(address, length);
  }

  /** Into the memory given, or a buffer of the caller's own. Rejects with `corrupt` if the file ends before. */
  read(address: WalAddress, length: number, memory?: ReadArena): Promise<Buffer> {
    return this.#files.read(walFileName(generationOf(address)), offsetOf(address), length, memory);
  }

  /** Resolves when no read of a file is under way; nobody may begin one any more. */
  retire(generation: number): Promise<void> {
    return this.#files.retire(walFileName(generation));
  }

  /** To be called when no read is under way. */
  close(): Promise<void> {
    return this.#files.close();
  }
}
