// Reads the groups of one WAL file one by one, and looks behind the last for what claims more.

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
/** Memory that is used while no group is larger: the less is touched, the less stays resident. */
const windowBytes = 4 * chunkBytes;
/** Memory that one scan needs; groups larger than a chunk are read whole. */
export const scanBytes = groupBytesMax;

export interface ScannedGroup {
  readonly header: GroupHeader;
  /** A view that the next call overwrites. */
  readonly bytes: Buffer;
}

export interface Tail {
  /** The highest LSN that a group header behind the end says was durable; 0 if none says anything. */
  readonly claimedLsn: number;
  readonly hasBytes: boolean;
  /** Whether what stands at the end is most likely the group that is missing there, torn or damaged. */
  readonly hasGroup: boolean;
}

/** A read that is under way, of what comes behind what is here. */
interface Ahead {
  readonly reading: Promise<number>;
  readonly byteCount: number;
}

export interface WalScanOptions {
  readonly file: DiskFile;
  readonly header: WalHeader;
  readonly identity: DirectoryIdentity;
  /** `scanBytes`, or the file's length if that is less; the scan's own until it is done. Aligned, if the file is read directly. */
  readonly memory: Buffer;
  /** Whether a chunk is read while the one before is looked at. Nobody may write the file meanwhile. */
  readonly readsAhead?: boolean;
}

export class WalScan {
  readonly #options: WalScanOptions;
  readonly #memory: Buffer;
  #start = 0;
  #count = 0;
  #ahead: Ahead | undefined;
  /** Known once a read came to it: an odd end cannot be read on from directly, and need not be. */
  #fileEnd = -1;

  constructor(options: WalScanOptions) {
    this.#options = options;
    this.#memory = options.memory;
  }

  /** Resolves when no read is under way any more; the file may then be closed, and the memory be somebody else's. */
  async done(): Promise<void> {
    // What nobody has asked for cannot have failed anybody.
    await this.#ahead?.reading.catch(() => undefined);
  }

  /** The group that begins at `at`, or undefined unless all of it is as written and it is the one expected. */
  async groupAt(at: number, lsn: number): Promise<ScannedGroup | undefined> {
    const block = await this.#bytesAt(at, blockBytes);
    const { identity, header: file } = this.#options;
    const header = readGroupHeader(block, 0, identity);
    if (header === undefined || header.generation !== file.generation || header.lsn !== lsn) return undefined;
    const bytes = await this.#bytesAt(at, header.length);
    return groupBodyVerifies(bytes, header, identity.seed) ? { header, bytes } : undefined;
  }

  /** What stands at and behind `from`, block by block, up to the end of the file. */
  async tailFrom(from: number, missingLsn: number): Promise<Tail> {
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

  /** Fewer bytes only at the end of the file. Places are asked for in their order. */
  async #bytesAt(at: number, length: number): Promise<Buffer> {
    for (;;) {
      const end = this.#start + this.#count;
      const isHere = at >= this.#start && at + length <= end;
      // A group that says it is longer than any file is none.
      const isTooLong = at === this.#start && this.#count === this.#memory.length;
      if (isHere || isTooLong || end === this.#fileEnd) break;
      this.#ahead ??= this.#begin(at, length);
      await this.#take(this.#ahead);
    }
    const { readsAhead = false } = this.#options;
    const hasRoom = this.#count + chunkBytes <= Math.min(windowBytes, this.#memory.length);
    if (readsAhead && hasRoom && this.#start + this.#count !== this.#fileEnd) {
      this.#ahead ??= this.#read(chunkBytes);
    }
    const from = Math.min(at - this.#start, this.#count);
    return this.#memory.subarray(from, Math.min(from + length, this.#count));
  }

  /** What is here already moves to the front; only the rest is read. */
  #begin(at: number, length: number): Ahead {
    const end = this.#start + this.#count;
    const kept = at >= this.#start && at < end ? end - at : 0;
    if (kept > 0) this.#memory.copyWithin(0, at - this.#start, this.#count);
    this.#start = at;
    this.#count = kept;
    return this.#read(Math.max(length - kept, chunkBytes));
  }

  #read(byteCount: number): Ahead {
    const into = this.#memory.subarray(this.#count, this.#count + byteCount);
    const reading = this.#options.file.read(into, this.#start + this.#count);
    // Whoever comes to need it is told.
    reading.catch(() => undefined);
    return { reading, byteCount: into.length };
  }

  async #take({ reading, byteCount }: Ahead): Promise<void> {
    this.#ahead = undefined;
    const count = await reading;
    this.#count += count;
    if (count < byteCount) this.#fileEnd = this.#start + this.#count;
  }
}
