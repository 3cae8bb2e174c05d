import {
  type GroupHeader,
  groupBodyVerifies,
  groupBytesMax,
  readGroupHeader,
  resemblesGroup,
} from "../format/commit-group.ts";
import type { DirectoryIdentity } from "../format/format-file.ts";
import type { WalHeader } from "../format/wal-file.ts";
import { blockBytes, type DiskFile } from "../io/disk.ts";
import { isZero } from "../io/is-zero.ts";

const chunkBytes = 1024 * 1024;
/** Part of the memory that is used unless a group is larger: memory that was touched stays resident. */
const windowBytes = 4 * chunkBytes;
/** Memory of one scan: a group is read whole. */
export const scanMemoryBytes = groupBytesMax;

export interface ScannedGroup {
  readonly header: GroupHeader;
  /** A view that the next call overwrites. */
  readonly bytes: Buffer;
}

/** What follows the last whole group of a file. */
export interface Remainder {
  /** The highest LSN that a group header behind the end says was durable; 0 if none says anything. */
  readonly claimedLsn: number;
  /** Whether any byte differs from zero. */
  readonly hasBytes: boolean;
  /** Whether the bytes there are most likely the missing group, torn or damaged. */
  readonly hasGroup: boolean;
}

/** A read in flight, of the bytes behind those in memory. */
interface PendingRead {
  readonly reading: Promise<number>;
  readonly byteCount: number;
}

export interface WalScanOptions {
  readonly file: DiskFile;
  readonly header: WalHeader;
  readonly identity: DirectoryIdentity;
  /** `scanBytes`, or the file's length if that is less. The scan owns it until `done()` resolves. Aligned if the file is read directly. */
  readonly memory: Buffer;
  /** Whether the next chunk is read while one is processed. The file must not be written meanwhile. */
  readonly readsAhead?: boolean;
}

/** Reads the groups of one WAL file in order, and searches what follows the last for claims that there were more. */
export class WalScan {
  readonly #options: WalScanOptions;
  readonly #memory: Buffer;
  /** File offset of the first byte in memory. */
  #start = 0;
  /** Bytes in memory. */
  #count = 0;
  #pending: PendingRead | undefined;
  /** -1 until a read reached it: a direct read cannot continue from an end that is no multiple of a block. */
  #fileEnd = -1;

  constructor(options: WalScanOptions) {
    this.#options = options;
    this.#memory = options.memory;
  }

  /** Resolves when no read is in flight: then the file may be closed and the memory reused. */
  async done(): Promise<void> {
    // A read ahead that no caller needed may fail.
    await this.#pending?.reading.catch(() => undefined);
  }

  /** The group at `at`; undefined unless every byte is as written and it is the expected one. */
  async groupAt(at: number, lsn: number): Promise<ScannedGroup | undefined> {
    const block = await this.#bytesAt(at, blockBytes);
    const { identity, header: file } = this.#options;
    const header = readGroupHeader(block, 0, identity);
    if (header === undefined || header.generation !== file.generation || header.lsn !== lsn) return undefined;
    const bytes = await this.#bytesAt(at, header.length);
    return groupBodyVerifies(bytes, header, identity.seed) ? { header, bytes } : undefined;
  }

  /** Searches from `from` to the end of the file, block by block. */
  async tailFrom(from: number, missingLsn: number): Promise<Remainder> {
    let claimedLsn = 0;
    let hasBytes = false;
    const { identity, header: file } = this.#options;
    const { generation } = file;
    const first = await this.#bytesAt(from, blockBytes);
    const hasGroup = resemblesGroup(first, { generation, lsn: missingLsn }, identity);
    for (let at = from; ; at += blockBytes) {
      const block = await this.#bytesAt(at, blockBytes);
      if (block.length === 0) return { claimedLsn, hasBytes, hasGroup };
      if (isZero(block, 0, block.length)) continue;
      hasBytes = true;
      const header = readGroupHeader(block, 0, identity);
      if (header?.generation === generation) claimedLsn = Math.max(claimedLsn, header.durableThroughLsn);
    }
  }

  /** Fewer bytes only at the end of the file. Offsets must not decrease from call to call. */
  async #bytesAt(at: number, length: number): Promise<Buffer> {
    for (;;) {
      const end = this.#start + this.#count;
      const isInMemory = at >= this.#start && at + length <= end;
      // A header with a length beyond all memory is of no group.
      const isTooLong = at === this.#start && this.#count === this.#memory.length;
      if (isInMemory || isTooLong || end === this.#fileEnd) break;
      this.#pending ??= this.#begin(at, length);
      await this.#complete(this.#pending);
    }
    const { readsAhead = false } = this.#options;
    const fits = this.#count + chunkBytes <= Math.min(windowBytes, this.#memory.length);
    if (readsAhead && fits && this.#start + this.#count !== this.#fileEnd) {
      this.#pending ??= this.#read(chunkBytes);
    }
    const from = Math.min(at - this.#start, this.#count);
    return this.#memory.subarray(from, Math.min(from + length, this.#count));
  }

  /** Moves the bytes that are needed again to the front, and reads the rest. */
  #begin(at: number, length: number): PendingRead {
    const end = this.#start + this.#count;
    const kept = at >= this.#start && at < end ? end - at : 0;
    if (kept > 0) this.#memory.copyWithin(0, at - this.#start, this.#count);
    this.#start = at;
    this.#count = kept;
    return this.#read(Math.max(length - kept, chunkBytes));
  }

  #read(byteCount: number): PendingRead {
    const into = this.#memory.subarray(this.#count, this.#count + byteCount);
    const reading = this.#options.file.read(into, this.#start + this.#count);
    // The caller that needs these bytes awaits it, perhaps later.
    reading.catch(() => undefined);
    return { reading, byteCount: into.length };
  }

  async #complete({ reading, byteCount }: PendingRead): Promise<void> {
    this.#pending = undefined;
    const count = await reading;
    this.#count += count;
    if (count < byteCount) this.#fileEnd = this.#start + this.#count;
  }
}
