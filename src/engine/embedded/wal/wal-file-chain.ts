import type { DirectoryPaths } from "../directory/data-directory.ts";
import { readGroupHeader } from "../format/commit-group.ts";
import type { DirectoryIdentity } from "../format/format-file.ts";
import type { NewestWal } from "../format/newest-wal-file.ts";
import { generationOfName, readWalHeader, type WalHeader, walFileName, walHeaderBytes } from "../format/wal-file.ts";
import { damaged } from "../io/damage.ts";
import type { DamageFinding } from "../io/damage-files.ts";
import { blockBytes, type Disk, type DiskFile } from "../io/disk.ts";
import { isZero } from "../io/is-zero.ts";

/** Bytes that are read at once when a file is searched. */
export const scanChunkBytes = 64 * 1024;

export interface ExpectedWalFiles {
  /** Older files are ignored. */
  readonly oldestGeneration: number;
  /** The newest file that must exist; undefined before format version 4. */
  readonly newest: NewestWal | undefined;
}

/**
 * The headers of all WAL files from a generation on, oldest first. Each must name the file before it. A last file that a crash
 * left unfinished is removed; any other file without a readable header is damage, as is a newest file that is missing
 * (`corrupt`).
 */
export async function readWalFileChain(
  disk: Disk,
  directory: DirectoryPaths,
  { oldestGeneration, newest }: ExpectedWalFiles,
  findings: DamageFinding[],
): Promise<readonly WalHeader[]> {
  const names = await disk.list(directory.walDirectory);
  const generations = names
    .flatMap((name) => generationOfName(name) ?? [])
    .filter((generation) => generation >= oldestGeneration)
    .sort((left, right) => left - right);
  const headers: WalHeader[] = [];
  const memory = Buffer.alloc(walHeaderBytes);
  for (const [index, generation] of generations.entries()) {
    const mayBeUnfinished = index === generations.length - 1 && generation > (newest?.generation ?? 0);
    const header = await readOne(disk, directory, { generation, mayBeUnfinished, findings, memory });
    if (header === undefined) continue;
    const previous = headers.at(-1);
    if (previous !== undefined && header.previousGeneration !== previous.generation) {
      throw damaged(`wal/${walFileName(header.previousGeneration)} is missing`);
    }
    headers.push(header);
  }
  if (newest !== undefined) requireNewest(headers.at(-1), newest);
  return headers;
}

/** The newest file that `newest-wal` names was durable before any group in it was acknowledged. */
function requireNewest(last: WalHeader | undefined, { generation, firstLsn }: NewestWal): void {
  if (generation === 0 || (last !== undefined && last.generation > generation)) return;
  if (last === undefined || last.generation < generation) {
    throw damaged(
      `wal/${walFileName(generation)} is missing, with all records that were stored from group ${firstLsn} on. ` +
        "Put the file back, or restore the data directory from a backup",
    );
  }
  if (last.firstLsn !== firstLsn) {
    throw damaged(
      `wal/${walFileName(generation)} is not the file that was written: it begins with group ${last.firstLsn} instead ` +
        `of ${firstLsn}. Put the file back, or restore the data directory from a backup`,
    );
  }
}

/** Undefined for an unfinished file, which is removed. */
async function readOne(
  disk: Disk,
  directory: DirectoryPaths,
  {
    generation,
    mayBeUnfinished,
    findings,
    memory,
  }: {
    readonly generation: number;
    /** It is the last file, and `newest-wal` does not name it. */
    readonly mayBeUnfinished: boolean;
    readonly findings: DamageFinding[];
    readonly memory: Buffer;
  },
): Promise<WalHeader | undefined> {
  const name = walFileName(generation);
  const path = `${directory.walDirectory}/${name}`;
  const file = await disk.open(path, "read");
  let isUnfinished: boolean;
  try {
    const read = memory.subarray(0, await file.read(memory, 0));
    const copies = [0, blockBytes].map((at) => readWalHeader(read.subarray(at, at + blockBytes), directory.identity));
    const header = copies.find((copy) => copy?.generation === generation);
    // After a crash in `beginFile()` a new file may have one of its headers, and no group; a recycled file still has a header
    // of its earlier generation, and groups of that one only.
    const isNew =
      copies.includes(undefined) && !(await hasNonZeroBytesFrom(file, walHeaderBytes, Buffer.alloc(scanChunkBytes)));
    const isStale = copies.some((copy) => copy !== undefined && copy.generation < generation);
    isUnfinished = mayBeUnfinished && (isNew || (isStale && !(await hasGroupOf(file, generation, directory.identity))));
    if (!mayBeUnfinished && read.length < walHeaderBytes) {
      throw damaged(
        `wal/${name} was truncated to ${read.length} bytes, with all its records. Put the file back, or restore the data ` +
          "directory from a backup",
      );
    }
    if (header !== undefined && !isUnfinished) {
      if (copies.includes(undefined)) {
        const sentence = `One of the two headers of wal/${name} is damaged (checksum mismatch). No data is lost: the other header is intact. Check the disk.`;
        findings.push({ file: `wal/${name}`, offset: copies.indexOf(undefined) * blockBytes, sentence });
      }
      return header;
    }
  } finally {
    await file.close();
  }
  // A file with groups had a durable header before the first of them.
  if (!isUnfinished) throw damaged(`both headers of wal/${name} are unreadable`);
  await disk.remove(path);
  return undefined;
}

/** Whether a file contains a group of this generation. */
async function hasGroupOf(file: DiskFile, generation: number, identity: DirectoryIdentity): Promise<boolean> {
  const chunk = Buffer.alloc(scanChunkBytes);
  for (let from = walHeaderBytes; ; from += scanChunkBytes) {
    const count = await file.read(chunk, from);
    for (let at = 0; at < count; at += blockBytes) {
      if (readGroupHeader(chunk, at, identity)?.generation === generation) return true;
    }
    if (count < scanChunkBytes) return false;
  }
}

/** Whether any byte from `from` on differs from zero. `chunk` is the memory to read into. */
export async function hasNonZeroBytesFrom(file: DiskFile, from: number, chunk: Buffer): Promise<boolean> {
  for (let at = from; ; at += chunk.length) {
    const count = await file.read(chunk, at);
    if (!isZero(chunk, 0, count)) return true;
    if (count < chunk.length) return false;
  }
}
