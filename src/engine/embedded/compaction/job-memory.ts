import type { DirectoryIdentity } from "../format/format-file.ts";
import type { Disk } from "../io/disk.ts";
import { builderMemoryBytes } from "../segments/segment-builder.ts";

/** Memory, disk access and keys of checksums that a job uses. */
export interface JobContext {
  readonly disk: Disk;
  readonly identity: DirectoryIdentity;
  readonly memory: JobMemory;
}

/** Memory for a file is allocated in steps of this size, so that a file a little longer than the one before fits. */
const fileStepBytes = 64 * 1024 * 1024;

/** Memory that one job after another uses, never two at once: aligned memory is freed only with its thread. */
export class JobMemory {
  readonly #disk: Disk;
  #file: Buffer | undefined;
  #builder: Buffer | undefined;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  forFile(byteCount: number): Buffer {
    if (this.#file === undefined || this.#file.length < byteCount) {
      // The system assigns memory to a page when it is first written.
      this.#file = this.#disk.allocate(Math.ceil(byteCount / fileStepBytes) * fileStepBytes);
    }
    return this.#file.subarray(0, byteCount);
  }

  forBuilder(): Buffer {
    this.#builder ??= this.#disk.allocate(builderMemoryBytes);
    return this.#builder;
  }
}
