import assert from "node:assert/strict";
import type { Clock } from "../../../time/clock.ts";
import type { DirectoryIdentity } from "../format/format-file.ts";
import { spareWalName, walFileName, walHeaderBytes, writeWalHeader } from "../format/wal-file.ts";
import type { Disk, DiskFile } from "../io/disk.ts";
import { type WalAddress, walAddressOf } from "../state/log-index.ts";

/** A file that is written to no more. */
export interface WalFileInfo {
  readonly generation: number;
  readonly firstLsn: number;
  readonly lastLsn: number;
  /** Where the log ends in it. */
  readonly end: number;
  /** Of the whole file, its unused end included. */
  readonly fileLength: number;
}

/** Where a log ends: what the next file's header will say of it. */
export interface WalPosition {
  /** 0: there is no file yet. */
  readonly generation: number;
  readonly offset: number;
}

export interface WalWriterOptions {
  readonly disk: Disk;
  /** The directory `wal/`. */
  readonly directory: string;
  readonly isDirect: boolean;
  readonly identity: DirectoryIdentity;
  readonly clock: Clock;
  readonly fileBytes: number;
  readonly end: WalPosition;
  /** All files so far. */
  readonly parts: readonly WalFileInfo[];
}

/** Writes groups one behind another into files of one length. Each session begins a file of its own with its first group. */
export class WalWriter {
  readonly #options: WalWriterOptions;
  readonly #header: Buffer;
  #file: DiskFile | undefined;
  #generation: number;
  #offset: number;
  #fileLength = 0;
  #firstLsn = 0;
  #bytes: number;
  readonly #parts: WalFileInfo[];
  #hasSpare = false;
  /** Whether the spare is just being given its new name: until then no other file may take the old one. */
  #isSpareLeaving = false;

  constructor(options: WalWriterOptions) {
    this.#options = options;
    this.#header = options.disk.allocate(walHeaderBytes);
    this.#generation = options.end.generation;
    this.#offset = options.end.offset;
    this.#parts = [...options.parts];
    this.#bytes = options.parts.reduce((sum, part) => sum + part.end, 0);
  }

  /** In use by all files, holes not counted. */
  get bytes(): number {
    return this.#bytes + (this.#hasSpare ? this.#options.fileBytes : 0);
  }

  get generation(): number {
    return this.#generation;
  }

  /** Files that nothing is written to any more and that have a successor, oldest first. */
  get closedParts(): readonly WalFileInfo[] {
    return this.#file === undefined ? this.#parts.slice(0, -1) : this.#parts;
  }

  /** Whether a file that is not needed any more would do as a later one: its blocks need not be found again. */
  wants({ fileLength }: WalFileInfo): boolean {
    return !this.#hasSpare && !this.#isSpareLeaving && fileLength === this.#options.fileBytes;
  }

  /** Such a file now bears the spare's name. */
  takeSpare(): void {
    this.#hasSpare = true;
  }

  /** Whether a spare file is kept for a later generation. */
  get hasSpare(): boolean {
    return this.#hasSpare;
  }

  /** Whether there was one, which is about to be removed. */
  giveUpSpare(): boolean {
    const hadSpare = this.#hasSpare;
    this.#hasSpare = false;
    return hadSpare;
  }

  /** Files up to a generation are about to be removed. */
  forgetThrough(generation: number): readonly WalFileInfo[] {
    const count = this.#parts.findLastIndex((part) => part.generation <= generation) + 1;
    const forgotten = this.#parts.splice(0, count);
    this.#bytes -= forgotten.reduce((sum, part) => sum + part.end, 0);
    return forgotten;
  }

  hasRoomFor(length: number): boolean {
    return this.#file !== undefined && this.#offset + length <= this.#fileLength;
  }

  /** Makes the next file, durable with its header before any group. Nothing of the group is written when this rejects. */
  async beginFile(firstLsn: number, groupLength: number): Promise<void> {
    const { disk, directory, isDirect, identity, clock, fileBytes } = this.#options;
    const generation = this.#generation + 1;
    const path = `${directory}/${walFileName(generation)}`;
    const fileLength = Math.max(fileBytes, walHeaderBytes + groupLength);
    const isRecycled = this.#hasSpare && fileLength === fileBytes;
    if (isRecycled) {
      await this.#useSpare(path);
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
      await this.#file?.close();
    } catch (error) {
      await file.close();
      throw error;
    }
    if (this.#file !== undefined) {
      const lastLsn = firstLsn - 1;
      this.#parts.push({
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
   * Durable when it resolves; when it rejects, any part of the group may be on disk. The next group may be appended at
   * once: it goes behind this one.
   */
  async append(group: Buffer): Promise<WalAddress> {
    const file = this.#file;
    assert(file !== undefined && this.hasRoomFor(group.length), "a file with room was begun");
    const offset = this.#offset;
    const address = walAddressOf(this.#generation, offset);
    this.#offset = offset + group.length;
    await this.#writeDurably(file, group, offset);
    this.#bytes += group.length;
    return address;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #useSpare(path: string): Promise<void> {
    const { disk, directory } = this.#options;
    this.#hasSpare = false;
    this.#isSpareLeaving = true;
    try {
      await disk.rename(`${directory}/${spareWalName}`, path);
    } finally {
      this.#isSpareLeaving = false;
    }
  }

  async #writeDurably(file: DiskFile, bytes: Buffer, at: number): Promise<void> {
    await file.write(bytes, at);
    if (!this.#options.isDirect) await file.sync();
  }
}

/** At its full length at once, without allocating it: a shorter file was cut by somebody. */
async function makeFile(disk: Disk, path: string, byteCount: number): Promise<void> {
  const file = await disk.open(path, "create");
  try {
    await file.setLength(byteCount);
    await file.sync();
  } finally {
    await file.close();
  }
}
