// Reads the groups of one WAL file one by one, and looks behind the last for what claims more.
import { blockBytes, type DiskFile } from "./disk.ts";
import type { DirectoryIdentity } from "./format-file.ts";
import { frameHeadBytes, frameLengthAt, frameVerifies } from "./frame.ts";
import { type GroupHeader, groupBodyVerifies, groupBytesMax, groupHeaderBytes, readGroupHeader } from "./group.ts";
import type { WalHeader } from "./wal-file.ts";

const chunkBytes = 1024 * 1024;

export interface ScannedGroup {
  readonly header: GroupHeader;
  /** A view that the next call overwrites. */
  readonly bytes: Buffer;
}

export interface Tail {
  /** The highest LSN that a group header behind the end says was durable; 0 if none says anything. */
  readonly claimedLsn: number;
  readonly hasBytes: boolean;
}

export class WalScan {
  readonly #file: DiskFile;
  readonly #header: WalHeader;
  readonly #identity: DirectoryIdentity;
  #chunk: Buffer;
  #start = 0;
  #count = 0;

  constructor(file: DiskFile, header: WalHeader, identity: DirectoryIdentity) {
    this.#file = file;
    this.#header = header;
    this.#identity = identity;
    this.#chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, header.fileLength));
  }

  /** The group that begins at `at`, or undefined unless all of it is as written and it is the one expected. */
  async groupAt(at: number, lsn: number): Promise<ScannedGroup | undefined> {
    const block = await this.#bytesAt(at, blockBytes);
    const header = readGroupHeader(block, 0, this.#identity);
    if (header === undefined || header.generation !== this.#header.generation || header.lsn !== lsn) return undefined;
    const bytes = await this.#bytesAt(at, header.length);
    if (bytes.length < header.length || !groupBodyVerifies(bytes)) return undefined;
    return framesVerify(bytes, header, this.#identity.seed) ? { header, bytes } : undefined;
  }

  /** What stands at and behind `from`, block by block, up to the end of the file. */
  async tailFrom(from: number): Promise<Tail> {
    let claimedLsn = 0;
    let hasBytes = false;
    const zeros = Buffer.alloc(blockBytes);
    for (let at = from; ; at += blockBytes) {
      const block = await this.#bytesAt(at, blockBytes);
      if (block.length === 0) return { claimedLsn, hasBytes };
      if (block.equals(zeros)) continue;
      if (!block.equals(zeros.subarray(0, block.length))) hasBytes = true;
      const header = readGroupHeader(block, 0, this.#identity);
      if (header?.generation === this.#header.generation) claimedLsn = Math.max(claimedLsn, header.durableThroughLsn);
    }
  }

  /** Fewer bytes only at the end of the file. */
  async #bytesAt(at: number, length: number): Promise<Buffer> {
    if (at < this.#start || at + length > this.#start + this.#count) {
      if (length > this.#chunk.length) this.#chunk = Buffer.allocUnsafeSlow(groupBytesMax);
      // The end of the file is read again for each short answer; that is at most a few blocks.
      this.#start = at;
      this.#count = await this.#file.read(this.#chunk, at);
    }
    const from = at - this.#start;
    return this.#chunk.subarray(from, Math.min(from + length, this.#count));
  }
}

/** The checksum of the group holds; this catches what it cannot, a writer that was wrong. */
function framesVerify(bytes: Buffer, { used, frameCount }: GroupHeader, seed: number): boolean {
  let at = groupHeaderBytes;
  for (let left = frameCount; left > 0; left--) {
    if (at + frameHeadBytes > used || !frameVerifies(bytes, at, used, seed)) return false;
    at += (frameLengthAt(bytes, at) + 7) & ~7;
  }
  return at === used;
}
