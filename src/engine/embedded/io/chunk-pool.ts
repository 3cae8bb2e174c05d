import type { Disk } from "./disk.ts";

/** Bytes of a chunk: more than one read of a segment, which ends with the first whole entry behind 1 MiB. */
export const chunkBytes = 1.25 * 1024 * 1024;
/** Two of the largest pages of GetRecords, and what is read ahead. */
const chunksMax = 24;
const chunksPerAllocation = 4;

/**
 * Aligned memory for reads, which direct reads can fill. Reused, because the first touch of new memory costs more than a copy
 * into it. `ReadArena` is what takes chunks and gives each of them back once.
 */
export class ChunkPool {
  readonly #disk: Disk;
  readonly #free: Buffer[] = [];
  #allocatedCount = 0;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** `chunkBytes` of undefined content, owned by the caller; undefined if all chunks are in use. */
  take(): Buffer | undefined {
    if (this.#free.length === 0 && this.#allocatedCount < chunksMax) this.#allocate();
    return this.#free.pop();
  }

  /** Ends the caller's ownership. No read into the chunk may be in flight. */
  giveBack(chunk: Buffer): void {
    this.#free.push(chunk);
  }

  #allocate(): void {
    const memory = this.#disk.allocate(chunksPerAllocation * chunkBytes);
    for (let at = 0; at < memory.length; at += chunkBytes) this.#free.push(memory.subarray(at, at + chunkBytes));
    this.#allocatedCount += chunksPerAllocation;
  }
}
