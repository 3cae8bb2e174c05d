import type { DirectoryIdentity } from "../format/format-file.ts";
import type { Disk } from "../io/disk.ts";
import { builderMemoryBytes } from "../segments/segment-builder.ts";

/** What a job needs beside its order. */
export interface JobContext {
  readonly disk: Disk;
  readonly identity: DirectoryIdentity;
  readonly memory: JobMemory;
}

/** What is asked for grows by so much: a file a little longer than the one before must not need memory of its own. */
const fileStepBytes = 64 * 1024 * 1024;

/** Used again by one job after another, never by two at once: aligned memory is given back only with its thread. */
export class JobMemory {
  readonly #disk: Disk;
  #file: Buffer | undefined;
  #builder: Buffer | undefined;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  forFile(byteCount: number): Buffer {
    if (this.#file === undefined || this.#file.length < byteCount) {
      // Pages that are never touched take nothing.
      this.#file = this.#disk.allocate(Math.ceil(byteCount / fileStepBytes) * fileStepBytes);
    }
    return this.#file.subarray(0, byteCount);
  }

  forBuilder(): Buffer {
    this.#builder ??= this.#disk.allocate(builderMemoryBytes);
    return this.#builder;
  }
}
