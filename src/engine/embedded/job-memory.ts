import type { Disk } from "./disk.ts";
import type { DirectoryIdentity } from "./format-file.ts";
import { builderMemoryBytes } from "./segment-builder.ts";

/** What a job needs beside its order. */
export interface Workshop {
  readonly disk: Disk;
  readonly identity: DirectoryIdentity;
  readonly memory: JobMemory;
}

/** Used again by one job after another, never by two at once: aligned memory is given back only with its thread. */
export class JobMemory {
  readonly #disk: Disk;
  #file: Buffer | undefined;
  #builder: Buffer | undefined;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  forFile(byteCount: number): Buffer {
    if (this.#file === undefined || this.#file.length < byteCount) this.#file = this.#disk.allocate(byteCount);
    return this.#file.subarray(0, byteCount);
  }

  forBuilder(): Buffer {
    this.#builder ??= this.#disk.allocate(builderMemoryBytes);
    return this.#builder;
  }
}
