import assert from "node:assert/strict";
import type { Clock } from "../../../time/clock.ts";
import type { DirectoryIdentity } from "../format/format-file.ts";
import { type NewestWal, newestWalName, recordNewestWal } from "../format/newest-wal-file.ts";
import { spareWalName, walFileName, walHeaderBytes, writeWalHeader } from "../format/wal-file.ts";
import type { Disk, DiskFile } from "../io/disk.ts";
import { type WalAddress, walAddressOf } from "../state/wal-index.ts";

/** A WAL file that is no longer written to. */
export interface WalFileInfo {
  readonly generation: number;
  readonly firstLsn: number;
  readonly lastLsn: number;
  /** Byte where the WAL ends in it. */
  readonly end: number;
  /** With its unused end. */
  readonly fileLength: number;
}

/** Where the WAL ends; the header of the next file repeats it. */
export interface WalPosition {
  /** 0: there is no file yet. */
  readonly generation: number;
  readonly offset: number;
}

export interface WalWriterOptions {
  readonly disk: Disk;
  /** The data directory. */
  readonly path: string;
  /** Whether there is `newest-wal`: from format version 4 on. */
  readonly hasNewestWal: boolean;
  /** The directory `wal/`. */
  readonly directory: string;
  /** Throws `EngineError` if another process may have the directory open: then no file may be made or replaced. */
  readonly requireLock: () => void;
  readonly isDirect: boolean;
  readonly identity: DirectoryIdentity;
  readonly clock: Clock;
  readonly fileBytes: number;
  readonly end: WalPosition;
  /** The files that exist. */
  readonly files: readonly WalFileInfo[];
}

/** Writes commit groups one behind another into files of one length. Each open of the engine begins a new file with its first group. */
export class WalWriter {
  readonly #options: WalWriterOptions;
  /** Aligned memory for the header of the next file. */
  readonly #header: Buffer;
  #newestWal: DiskFile | undefined;
  /** A file that `newest-wal` may name, so that it must not be made again. */
  #namedGeneration = 0;
  #file: DiskFile | undefined;
  #generation: number;
  #offset: number;
  #fileLength = 0;
  #firstLsn = 0;
  #bytes: number;
  readonly #files: WalFileInfo[];
  #hasSpare = false;
  /** The spare file is being renamed: until then no other file may take its name. */
  #isRenamingSpare = false;

  constructor(options: WalWriterOptions) {
    this.#options = options;
    this.#header = options.disk.allocate(walHeaderBytes);
    this.#generation = options.end.generation;
    this.#offset = options.end.offset;
    this.#files = [...options.files];
    this.#bytes = options.files.reduce((sum, file) => sum + file.end, 0);
  }

  /** Bytes in use by all files, without holes. */
  get bytes(): number {
    return this.#bytes + (this.#hasSpare ? this.#options.fileBytes : 0);
  }

  get generation(): number {
    return this.#generation;
  }

  /** The files that are no longer written to and have a successor, oldest first. */
  get closedFiles(): readonly WalFileInfo[] {
    return this.#file === undefined ? this.#files.slice(0, -1) : this.#files;
  }

  /** Whether a file that is no longer needed can become the spare, so that a later file need not allocate blocks. */
  canRecycle({ fileLength }: WalFileInfo): boolean {
    return !this.#hasSpare && !this.#isRenamingSpare && fileLength === this.#options.fileBytes;
  }

  /** Call it when such a file has been renamed to the spare. */
  addSpare(): void {
    this.#hasSpare = true;
  }

  /** Whether a spare file is kept for a later generation. */
  get hasSpare(): boolean {
    return this.#hasSpare;
  }

  /** Call it before the spare is removed; returns whether there is one. */
  removeSpare(): boolean {
    const hadSpare = this.#hasSpare;
    this.#hasSpare = false;
    return hadSpare;
  }

  /** Call it before the files up to a generation are removed; returns them. */
  removeFilesThrough(generation: number): readonly WalFileInfo[] {
    const count = this.#files.findLastIndex((file) => file.generation <= generation) + 1;
    const removed = this.#files.splice(0, count);
    this.#bytes -= removed.reduce((sum, file) => sum + file.end, 0);
    return removed;
  }

  /** Whether a group of this length fits the present file. */
  hasRoomFor(length: number): boolean {
    return this.#file !== undefined && this.#offset + length <= this.#fileLength;
  }

  /**
   * Begins the next file; resolves when it is durable with its header, and named in `newest-wal`. If it rejects, nothing of
   * the group was written.
   */
  async beginFile(firstLsn: number, groupLength: number): Promise<void> {
    const { disk, directory, isDirect, identity, clock, fileBytes, requireLock } = this.#options;
    requireLock();
    const generation = this.#generation + 1;
    if (generation === this.#namedGeneration) {
      throw new Error(
        `${newestWalName} may name ${walFileName(generation)} already, so that file cannot be made again`,
      );
    }
    const path = `${directory}/${walFileName(generation)}`;
    const fileLength = Math.max(fileBytes, walHeaderBytes + groupLength);
    const isRecycled = this.#hasSpare && fileLength === fileBytes;
    if (isRecycled) {
      await this.#renameSpare(path);
    } else {
      await makeFile(disk, path, fileLength);
    }
    const file = await disk.open(path, isDirect ? "direct" : "write");
    try {
      const header = {
        generation,
        fileLength,
        firstLsn,
        previousGeneration: this.#generation,
        previousEnd: this.#offset,
        madeMs: clock.nowMs(),
        isRecycled,
      };
      writeWalHeader(this.#header, header, identity);
      await this.#writeDurably(file, this.#header, 0);
      await disk.syncDirectory(directory);
      // Only now: a crash must not leave the name of a file that does not exist.
      await this.#nameNewest({ generation, firstLsn });
      await this.#file?.close();
    } catch (error) {
      await file.close();
      throw error;
    }
    if (this.#file !== undefined) {
      const lastLsn = firstLsn - 1;
      this.#files.push({
        generation: this.#generation,
        firstLsn: this.#firstLsn,
        lastLsn,
        end: this.#offset,
        fileLength: this.#fileLength,
      });
    }
    this.#firstLsn = firstLsn;
    this.#file = file;
    this.#generation = generation;
    this.#offset = walHeaderBytes;
    this.#fileLength = fileLength;
    this.#bytes += walHeaderBytes;
  }

  /**
   * Appends a group; resolves with its address when it is durable. If it rejects, any part of the group may be on disk. The
   * next group may be appended before it resolves, and is written behind this one.
   */
  async append(group: Buffer): Promise<WalAddress> {
    const file = this.#file;
    assert(file !== undefined && this.hasRoomFor(group.length), "the group fits the present file");
    const offset = this.#offset;
    const address = walAddressOf(this.#generation, offset);
    this.#offset = offset + group.length;
    await this.#writeDurably(file, group, offset);
    this.#bytes += group.length;
    return address;
  }

  async close(): Promise<void> {
    const files = [this.#file, this.#newestWal];
    this.#file = undefined;
    this.#newestWal = undefined;
    for (const file of files) await file?.close();
  }

  async #nameNewest(newest: NewestWal): Promise<void> {
    const { disk, path, hasNewestWal, identity } = this.#options;
    if (!hasNewestWal) return;
    // Through the page cache: `wal/` may be on another file system than this file.
    this.#newestWal ??= await disk.open(`${path}/${newestWalName}`, "write");
    this.#namedGeneration = newest.generation;
    await recordNewestWal(this.#newestWal, newest, identity);
  }

  async #renameSpare(path: string): Promise<void> {
    const { disk, directory } = this.#options;
    this.#hasSpare = false;
    this.#isRenamingSpare = true;
    try {
      await disk.rename(`${directory}/${spareWalName}`, path);
    } finally {
      this.#isRenamingSpare = false;
    }
  }

  async #writeDurably(file: DiskFile, bytes: Buffer, at: number): Promise<void> {
    await file.write(bytes, at);
    if (!this.#options.isDirect) await file.sync();
  }
}

/** Makes a file of its full length without allocating blocks: a file that is shorter later was truncated. */
async function makeFile(disk: Disk, path: string, byteCount: number): Promise<void> {
  const file = await disk.open(path, "create");
  try {
    await file.setLength(byteCount);
    await file.sync();
  } finally {
    await file.close();
  }
}
