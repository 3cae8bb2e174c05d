import type { Disk } from "./disk.ts";

/** More than what is read from a segment at once, which ends with the first whole entry behind a MiB. */
export const chunkBytes = 1.25 * 1024 * 1024;
/** What a page of GetRecords takes at most, twice, and what is read ahead. */
const chunksMax = 24;
const chunksPerArena = 4;

/**
 * Memory for pages, used again by one page after another: first touching fresh memory costs more than copying into it. It
 * is the disk's, so that direct reads may fill it.
 */
export class ChunkPool {
  readonly #disk: Disk;
  readonly #idle: Buffer[] = [];
  #made = 0;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** `chunkBytes`, holding rubbish; undefined when all of them are in use. */
  take(): Buffer | undefined {
    if (this.#idle.length === 0 && this.#made < chunksMax) this.#make();
    return this.#idle.pop();
  }

  /** The chunk must not be read afterwards, and no read into it may be in flight. */
  giveBack(chunk: Buffer): void {
    this.#idle.push(chunk);
  }

  #make(): void {
    const arena = this.#disk.allocate(chunksPerArena * chunkBytes);
    for (let at = 0; at < arena.length; at += chunkBytes) this.#idle.push(arena.subarray(at, at + chunkBytes));
    this.#made += chunksPerArena;
  }
}
