// Reads the groups of one WAL file one by one, and looks behind the last for what claims more.
import { blockBytes, type DiskFile } from "./disk.ts";
import type { DirectoryIdentity } from "./format-file.ts";
import { type GroupHeader, groupBodyVerifies, groupBytesMax, readGroupHeader, resemblesGroup } from "./group.ts";
import { isZero } from "./is-zero.ts";
import type { WalHeader } from "./wal-file.ts";

const chunkBytes = 4 * 1024 * 1024;
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

export class WalScan {
  readonly #file: DiskFile;
  readonly #header: WalHeader;
  readonly #identity: DirectoryIdentity;
  readonly #memory: Buffer;
  #start = 0;
  #count = 0;
  /** Known once a read came to it: an odd end cannot be read on from directly, and need not be. */
  #fileEnd = -1;

  /** `memory` takes `scanBytes` and is the scan's own until it is done; aligned, if the file is read directly. */
  constructor(file: DiskFile, header: WalHeader, identity: DirectoryIdentity, memory: Buffer) {
    this.#file = file;
    this.#header = header;
    this.#identity = identity;
    this.#memory = memory;
  }

  /** The group that begins at `at`, or undefined unless all of it is as written and it is the one expected. */
  async groupAt(at: number, lsn: number): Promise<ScannedGroup | undefined> {
    const block = await this.#bytesAt(at, blockBytes);
    const header = readGroupHeader(block, 0, this.#identity);
    if (header === undefined || header.generation !== this.#header.generation || header.lsn !== lsn) return undefined;
    const bytes = await this.#bytesAt(at, header.length);
    return groupBodyVerifies(bytes, header, this.#identity.seed) ? { header, bytes } : undefined;
  }

  /** What stands at and behind `from`, block by block, up to the end of the file. */
  async tailFrom(from: number, missingLsn: number): Promise<Tail> {
    let claimedLsn = 0;
    let hasBytes = false;
    const { generation } = this.#header;
    const first = await this.#bytesAt(from, blockBytes);
    const hasGroup = resemblesGroup(first, { generation, lsn: missingLsn }, this.#identity);
    for (let at = from; ; at += blockBytes) {
      const block = await this.#bytesAt(at, blockBytes);
      if (block.length === 0) return { claimedLsn, hasBytes, hasGroup };
      if (isZero(block, 0, block.length)) continue;
      hasBytes = true;
      const header = readGroupHeader(block, 0, this.#identity);
      if (header?.generation === this.#header.generation) claimedLsn = Math.max(claimedLsn, header.durableThroughLsn);
    }
  }

  /** Fewer bytes only at the end of the file. Places are asked for in their order. */
  async #bytesAt(at: number, length: number): Promise<Buffer> {
    const end = this.#start + this.#count;
    if (end !== this.#fileEnd && (at < this.#start || at + length > end)) {
      // What is here already moves to the front; only the rest is read.
      const kept = at >= this.#start && at < end ? end - at : 0;
      if (kept > 0) this.#memory.copyWithin(0, at - this.#start, this.#count);
      const free = this.#memory.subarray(kept, Math.max(length, chunkBytes));
      const count = await this.#file.read(free, at + kept);
      this.#start = at;
      this.#count = kept + count;
      if (count < free.length) this.#fileEnd = at + kept + count;
    }
    const from = Math.min(at - this.#start, this.#count);
    return this.#memory.subarray(from, Math.min(from + length, this.#count));
  }
}
