// Copies the WAL, one whole group after another, from files that a server may append to or remove meanwhile.
// docs/file-format.md section 10.

import type { DirectoryPaths } from "../directory/data-directory.ts";
import { type NewestWal, noWalFile } from "../format/newest-wal-file.ts";
import { type WalHeader, walFileName, walHeaderBytes, writeWalHeader } from "../format/wal-file.ts";
import { damaged, damagedIfAbsent } from "../io/damage.ts";
import type { Disk, DiskFile } from "../io/disk.ts";
import { readWalFileChain } from "../wal/wal-file-chain.ts";
import { type ScannedGroup, scanMemoryBytes, WalScan } from "../wal/wal-scan.ts";

export interface WalCopyOptions {
  /** For the source. Read-only: `readWalHeaders()` removes unfinished files, which must not happen there. */
  readonly reading: Disk;
  readonly disk: Disk;
  readonly source: DirectoryPaths;
  readonly target: DirectoryPaths;
}

/** How much of a WAL file has been copied. */
interface Copied {
  readonly end: number;
  readonly lastLsn: number;
}

/** Groups are small, so this many bytes of them are written at once. */
const writeBytes = 1024 * 1024;

/** A copy of the WAL that can be continued after a failure, with the groups that it has already. */
export class WalCopy {
  readonly #options: WalCopyOptions;
  readonly #scanMemory: Buffer;
  readonly #writeMemory = Buffer.allocUnsafeSlow(writeBytes);
  readonly #copied = new Map<number, Copied>();
  #newest: NewestWal = noWalFile;
  #bytes = 0;

  constructor(options: WalCopyOptions) {
    this.#options = options;
    this.#scanMemory = options.disk.allocate(scanMemoryBytes);
  }

  /** Bytes written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  get fileCount(): number {
    return this.#copied.size;
  }

  /** 0 if no file has been copied. */
  get lastGeneration(): number {
    return Math.max(0, ...this.#copied.keys());
  }

  /** The newest file that has been copied. */
  get newest(): NewestWal {
    return this.#newest;
  }

  /** LSN of the last group. */
  get lastLsn(): number {
    return this.#copied.get(this.lastGeneration)?.lastLsn ?? 0;
  }

  /**
   * Copies all groups that were durable at the call, from the file of a generation on (undefined: generation 1), and removes
   * older files from the copy. `newest`: what the source's `newest-wal` said before the call. Rejects with `corrupt` if a group is missing: it is damaged, or its file has been removed or
   * recycled meanwhile.
   */
  async copyFrom(oldestGeneration: number | undefined, newest: NewestWal | undefined): Promise<void> {
    const { disk, reading, source, target } = this.#options;
    const range = { oldestGeneration: oldestGeneration ?? 0, newest };
    const headers = await damagedIfAbsent("a file of wal/", () => readWalFileChain(reading, source, range, []));
    const [oldest] = headers;
    if (oldestGeneration !== undefined && oldest?.generation !== oldestGeneration) throw missing(oldestGeneration);
    if (oldestGeneration === undefined && oldest !== undefined && oldest.previousGeneration !== 0) {
      throw missing(oldest.previousGeneration);
    }
    for (const generation of [...this.#copied.keys()]) {
      if (oldest !== undefined && generation >= oldest.generation) continue;
      await disk.remove(`${target.walDirectory}/${walFileName(generation)}`);
      this.#copied.delete(generation);
    }
    let lsn = (oldest?.firstLsn ?? 1) - 1;
    for (const [index, header] of headers.entries()) {
      if (header.firstLsn !== lsn + 1) throw damaged(`group ${lsn + 1} is missing`);
      const end = headers[index + 1]?.previousEnd;
      const path = `wal/${walFileName(header.generation)}`;
      lsn = (await damagedIfAbsent(path, () => this.#copyFile(header, end))).lastLsn;
    }
    this.#newest = headers.at(-1) ?? noWalFile;
  }

  /** `end`: where this file ends according to the header of the next one; undefined for the last file. */
  async #copyFile(header: WalHeader, end: number | undefined): Promise<Copied> {
    const { disk, reading, source, target } = this.#options;
    const { generation } = header;
    const known = this.#copied.get(generation);
    if (known !== undefined && known.end === end) return known;
    const from = await reading.open(`${source.walDirectory}/${walFileName(generation)}`, "read");
    try {
      const path = `${target.walDirectory}/${walFileName(generation)}`;
      const into = await disk.open(path, known === undefined ? "create" : "write");
      try {
        if (known === undefined) await this.#begin(header, from, into);
        return await this.#copyGroups(header, end, { from, into });
      } finally {
        await into.close();
      }
    } finally {
      await from.close();
    }
  }

  /** Makes the file with the length of the source: recovery reports it if that was truncated. */
  async #begin(header: WalHeader, from: DiskFile, into: DiskFile): Promise<void> {
    const head = Buffer.alloc(walHeaderBytes);
    writeWalHeader(head, header, this.#options.source.identity);
    await into.write(head, 0);
    await into.setLength(await from.length());
    this.#bytes += head.length;
    this.#copied.set(header.generation, { end: walHeaderBytes, lastLsn: header.firstLsn - 1 });
  }

  async #copyGroups(
    header: WalHeader,
    end: number | undefined,
    { from, into }: { readonly from: DiskFile; readonly into: DiskFile },
  ): Promise<Copied> {
    let { end: at, lastLsn } = this.#copied.get(header.generation) ?? { end: walHeaderBytes, lastLsn: 0 };
    const writer = new BufferedWriter(into, at, this.#writeMemory);
    let scan = this.#scan(header, from);
    while (end === undefined || at < end) {
      let group = await scan.groupAt(at, lastLsn + 1);
      if (group === undefined && end === undefined && (await this.#isEnd(header, from, at, lastLsn + 1))) break;
      if (group === undefined) {
        // The server may have written it just after the scan.
        scan = this.#scan(header, from);
        group = await scan.groupAt(at, lastLsn + 1);
      }
      if (group === undefined) throw unreadable(header, at, lastLsn + 1);
      await writer.add(group);
      at += group.header.length;
      lastLsn = group.header.lsn;
      this.#bytes += group.header.length;
    }
    await writer.finish();
    if (end !== undefined && at !== end) throw unreadable(header, end, lastLsn);
    const copied = { end: at, lastLsn };
    this.#copied.set(header.generation, copied);
    return copied;
  }

  /** Whether no claim behind an offset says that the group which is missing there was durable. */
  async #isEnd(header: WalHeader, from: DiskFile, at: number, missingLsn: number): Promise<boolean> {
    return (await this.#scan(header, from).tailFrom(at, missingLsn)).claimedLsn < missingLsn;
  }

  #scan(header: WalHeader, file: DiskFile): WalScan {
    return new WalScan({ file, header, identity: this.#options.source.identity, memory: this.#scanMemory });
  }
}

/** Collects consecutive groups and writes them to a file in large pieces. */
class BufferedWriter {
  readonly #file: DiskFile;
  readonly #memory: Buffer;
  #at: number;
  #filled = 0;

  constructor(file: DiskFile, at: number, memory: Buffer) {
    this.#file = file;
    this.#at = at;
    this.#memory = memory;
  }

  async add({ bytes }: ScannedGroup): Promise<void> {
    if (this.#filled + bytes.length > this.#memory.length) await this.#flush();
    if (bytes.length > this.#memory.length) {
      await this.#file.write(bytes, this.#at);
      this.#at += bytes.length;
      return;
    }
    bytes.copy(this.#memory, this.#filled);
    this.#filled += bytes.length;
  }

  /** Durable when it resolves. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#file.sync();
  }

  async #flush(): Promise<void> {
    if (this.#filled === 0) return;
    await this.#file.write(this.#memory.subarray(0, this.#filled), this.#at);
    this.#at += this.#filled;
    this.#filled = 0;
  }
}

function missing(generation: number): Error {
  return damaged(`wal/${walFileName(generation)} is missing`);
}

function unreadable({ generation }: WalHeader, at: number, lsn: number): Error {
  return damaged(`group ${lsn} in wal/${walFileName(generation)} at byte ${at} was acknowledged and cannot be read`);
}
