/**
 * Verifies what recovery does not read of WAL files: all bytes of the headers, encrypted bodies, and the bytes behind the
 * last group. docs/file-format.md sections 3, 4 and 9.
 */
import type { SessionCipher } from "../../../cipher/session-cipher.ts";
import type { DataDirectory } from "../directory/data-directory.ts";
import { groupHeaderBytes, resemblesGroup } from "../format/commit-group.ts";
import { decryptedBodyAt, frameSpanAt } from "../format/frame.ts";
import { readWalHeader, type WalHeader, walFileName, walHeaderBytes, writeWalHeader } from "../format/wal-file.ts";
import { damaged } from "../io/damage.ts";
import { blockBytes, type Disk, type DiskFile, namesIn } from "../io/disk.ts";
import type { Recovered } from "../recovery/recover.ts";
import { hasNonZeroBytesFrom, scanChunkBytes } from "../wal/wal-file-chain.ts";
import { scanMemoryBytes, WalScan } from "../wal/wal-scan.ts";
import type { WalFileInfo } from "../wal/wal-writer.ts";
import { collectDamage } from "./collect-damage.ts";

/** Adds one sentence to `problems` for each place that is not as it was written. */
export async function verifyWal(
  disk: Disk,
  directory: DataDirectory,
  recovered: Recovered,
  problems: string[],
): Promise<void> {
  const verifier = new WalVerifier(disk, directory, recovered, problems);
  const reports = await namesIn(disk, directory.damageDirectory);
  for (const walFile of recovered.walFiles) await verifier.verify(walFile, reports);
}

class WalVerifier {
  readonly #disk: Disk;
  readonly #directory: DataDirectory;
  readonly #recovered: Recovered;
  readonly #problems: string[];
  readonly #head = Buffer.alloc(walHeaderBytes);
  readonly #expectedHead = Buffer.alloc(walHeaderBytes);
  #scanMemory: Buffer | undefined;
  #chunk: Buffer | undefined;

  constructor(disk: Disk, directory: DataDirectory, recovered: Recovered, problems: string[]) {
    this.#disk = disk;
    this.#directory = directory;
    this.#recovered = recovered;
    this.#problems = problems;
  }

  /** `reports`: the names of the files in `damage/`. */
  async verify(walFile: WalFileInfo, reports: readonly string[]): Promise<void> {
    const { cipher, walDirectory } = this.#directory;
    const name = walFileName(walFile.generation);
    const file = await this.#disk.open(`${walDirectory}/${name}`, "read");
    try {
      const header = await this.#verifyHeaders(file, name);
      if (header !== undefined && cipher !== undefined) {
        const scan = new WalScan({ file, header, identity: this.#directory.identity, memory: this.#scanBytes() });
        await collectDamage(this.#problems, () => verifyEncryptedBodies(scan, walFile, cipher));
      }
      if (header?.isRecycled === false) await this.#verifyEnd(file, walFile, reports);
    } finally {
      await file.close();
    }
  }

  /** Both header blocks are alike; recovery needs one of them. */
  async #verifyHeaders(file: DiskFile, name: string): Promise<WalHeader | undefined> {
    const { identity } = this.#directory;
    const [head, expected] = [this.#head, this.#expectedHead];
    await file.read(head, 0);
    const header =
      readWalHeader(head.subarray(0, blockBytes), identity) ?? readWalHeader(head.subarray(blockBytes), identity);
    if (header !== undefined) writeWalHeader(expected, header, identity);
    if (!head.equals(expected)) {
      this.#problems.push(`The headers of wal/${name} are damaged: their bytes are not as they were written.`);
    }
    return header;
  }

  /** A file that is not recycled has zeros behind its last group. */
  async #verifyEnd(file: DiskFile, walFile: WalFileInfo, reports: readonly string[]): Promise<void> {
    const { walFiles, state } = this.#recovered;
    const isLast = walFile === walFiles.at(-1);
    // After a crash recovery itself judges the end of the last file.
    if (isLast && !state.isCleanlyClosed) return;
    if (!isLast && (await this.#hasIncompleteGroup(file, walFile, reports))) return;
    this.#chunk ??= Buffer.allocUnsafeSlow(scanChunkBytes);
    if (!(await hasNonZeroBytesFrom(file, walFile.end, this.#chunk))) return;
    this.#problems.push(
      `wal/${walFileName(walFile.generation)} has bytes behind its last group, at byte ${walFile.end} or later, where ` +
        "nothing was written. Its records are whole.",
    );
  }

  /** A crash may leave part of a group behind the last one. Recovery has reported it, unless the disk was full. */
  async #hasIncompleteGroup(
    file: DiskFile,
    { generation, lastLsn, end }: WalFileInfo,
    reports: readonly string[],
  ): Promise<boolean> {
    // A report is named after its file.
    const prefix = `${walFileName(generation).replace(/\.wal$/, "")}-`;
    if (reports.some((report) => report.startsWith(prefix))) return true;
    const block = Buffer.alloc(blockBytes);
    const read = block.subarray(0, await file.read(block, end));
    return resemblesGroup(read, { generation, lsn: lastLsn + 1 }, this.#directory.identity);
  }

  #scanBytes(): Buffer {
    const longest = Math.max(...this.#recovered.walFiles.map(({ fileLength }) => fileLength));
    this.#scanMemory ??= this.#disk.allocate(Math.min(scanMemoryBytes, longest));
    return this.#scanMemory;
  }
}

/** Throws `corrupt` at the first frame that cannot be decrypted. Recovery has found the groups whole. */
async function verifyEncryptedBodies(scan: WalScan, walFile: WalFileInfo, cipher: SessionCipher): Promise<void> {
  let lsn = walFile.firstLsn;
  for (let groupAt = walHeaderBytes; groupAt < walFile.end; lsn++) {
    const group = await scan.groupAt(groupAt, lsn);
    const place = `group ${lsn} in wal/${walFileName(walFile.generation)} at byte ${groupAt}`;
    if (group === undefined) throw damaged(`${place} cannot be read`);
    const { bytes, header } = group;
    for (let at = groupHeaderBytes; at < header.used; at += frameSpanAt(bytes, at)) {
      const isOpen = decryptedBodyAt(bytes, at, cipher) !== undefined;
      if (!isOpen) throw damaged(`${place} has a frame that the directory's key does not open`);
    }
    groupAt += header.length;
  }
}
