import { EngineError } from "../../engine-error.ts";
import { type DataDirectory, openReadOnly } from "../directory/data-directory.ts";
import type { RootKeyProvider } from "../directory/root-key-provider.ts";
import { resemblesGroup } from "../format/commit-group.ts";
import { loadManifest } from "../format/manifest.ts";
import { readWalHeader, walFileName, walHeaderBytes, writeWalHeader } from "../format/wal-file.ts";
import type { Finding } from "../io/damage-report.ts";
import { blockBytes, type Disk, type DiskFile, namesIn, readWhole } from "../io/disk.ts";
import { readOnlyDisk } from "../io/read-only-disk.ts";
import { type Recovered, recover } from "../recovery/recover.ts";
import { decodeSnapshot, lsnOfName } from "../state/snapshot.ts";
import { hasBytesFrom, lookBytes } from "../wal/wal-headers.ts";
import { scanBytes, WalScan } from "../wal/wal-scan.ts";
import { verifyEncryptedBodies } from "./verify-encrypted-bodies.ts";
import { verifySegment } from "./verify-segment.ts";

export interface VerifyReport {
  /** Whether what is encrypted was opened too: always, but without the keys of an encrypted directory. */
  readonly isOpened: boolean;
  /** One sentence for each place that is not as it was written. */
  readonly problems: readonly string[];
  /** What was looked at and found whole. */
  readonly counts: {
    readonly groups: number;
    readonly segments: number;
    readonly entriesInSegments: number;
    readonly recordsInSegments: number;
    readonly shardLogs: number;
    readonly documents: number;
    readonly snapshots: number;
  };
}

/**
 * Looks at every checksum, index and position of a data directory, and changes nothing. Rejects with `DataDirectoryError` if
 * there is none to look at, a server has it open, or `keys` do not open it. An encrypted one without keys is looked at as far as
 * checksums and numbers go.
 */
export async function verifyDirectory(
  disk: Disk,
  path: string,
  keys?: RootKeyProvider | undefined,
): Promise<VerifyReport> {
  const directory = await openReadOnly(readOnlyDisk(disk), path, keys);
  try {
    return await verifyOpenDirectory(disk, directory);
  } finally {
    await directory.lock.release();
  }
}

/** The same for one whose lock is held. */
export async function verifyOpenDirectory(disk: Disk, directory: DataDirectory): Promise<VerifyReport> {
  const looking = readOnlyDisk(disk);
  const problems: string[] = [];
  const recovered = await tried(problems, () => recover(looking, directory));
  if (recovered !== undefined) await verifyFiles(looking, directory, recovered, problems);
  const segments = await verifySegments(looking, directory, problems);
  const snapshots = await verifySnapshots(looking, directory, problems, recovered?.findings ?? []);
  const isOpened = !directory.isClosed;
  return { isOpened, problems: [...new Set(problems)], counts: { ...countsOf(recovered), ...segments, snapshots } };
}

function countsOf(recovered: Recovered | undefined) {
  return {
    groups: recovered?.walFiles.reduce((sum, { firstLsn, lastLsn }) => sum + lastLsn - firstLsn + 1, 0) ?? 0,
    shardLogs: recovered?.state.logs.size ?? 0,
    documents: recovered?.state.documents.size ?? 0,
  };
}

/** What recovery has no need to look at: the rest of the headers' blocks, encrypted bodies, what lies behind a clean close. */
async function verifyFiles(
  disk: Disk,
  directory: DataDirectory,
  { state, walFiles }: Recovered,
  problems: string[],
): Promise<void> {
  const { walDirectory, damageDirectory, identity, cipher } = directory;
  const reports = await namesIn(disk, damageDirectory);
  let memory: Buffer | undefined;
  let chunk: Buffer | undefined;
  const head = Buffer.alloc(walHeaderBytes);
  const expected = Buffer.alloc(walHeaderBytes);
  for (const [index, walFile] of walFiles.entries()) {
    const { generation, lastLsn, end } = walFile;
    const name = walFileName(generation);
    const file = await disk.open(`${walDirectory}/${name}`, "read");
    try {
      await file.read(head, 0);
      const header =
        readWalHeader(head.subarray(0, blockBytes), identity) ?? readWalHeader(head.subarray(blockBytes), identity);
      if (header !== undefined) writeWalHeader(expected, header, identity);
      if (!head.equals(expected)) problems.push(`The headers of wal/${name} are not as they were written.`);
      if (header !== undefined && cipher !== undefined) {
        memory ??= disk.allocate(Math.min(scanBytes, Math.max(...walFiles.map(({ fileLength }) => fileLength))));
        const scan = new WalScan({ file, header, identity, memory });
        await tried(problems, () => verifyEncryptedBodies(scan, walFile, cipher));
      }
      const isLast = index === walFiles.length - 1;
      if (header?.isRecycled !== false || (isLast && !state.isCleanlyClosed)) continue;
      // What was cut short stands behind the end: recovery has left a report of it, unless there was no room for one.
      const isCutShort =
        !isLast &&
        (reports.some(isReportOf(name)) ||
          resemblesGroup(await blockAt(file, end), { generation, lsn: lastLsn + 1 }, identity));
      chunk ??= Buffer.allocUnsafeSlow(lookBytes);
      if (!isCutShort && (await hasBytesFrom(file, end, chunk))) {
        problems.push(`wal/${name} holds something behind its end.`);
      }
    } finally {
      await file.close();
    }
  }
}

async function blockAt(file: DiskFile, at: number): Promise<Buffer> {
  const block = Buffer.alloc(blockBytes);
  return block.subarray(0, await file.read(block, at));
}

/** Reports are named after their files. */
function isReportOf(name: string): (report: string) => boolean {
  return (report) => report.startsWith(`${name.replace(/\.wal$/, "")}-`);
}

/** Each by itself, so that damage to one does not hide damage to another. */
async function verifySegments(disk: Disk, directory: DataDirectory, problems: string[]) {
  const { segmentDirectory, identity } = directory;
  const loaded = await loadManifest(disk, segmentDirectory, identity);
  let [segments, entriesInSegments, recordsInSegments] = [0, 0, 0];
  for (const segment of loaded.kind === "whole" ? loaded.value.segments : []) {
    const count = await tried(problems, () => verifySegment(disk, segmentDirectory, segment, directory));
    if (count === undefined) continue;
    segments += 1;
    entriesInSegments += count.entryCount;
    recordsInSegments += count.recordCount;
  }
  return { segments, entriesInSegments, recordsInSegments };
}

/** Recovery looks at the older one only if it must. */
async function verifySnapshots(
  disk: Disk,
  directory: DataDirectory,
  problems: string[],
  findings: readonly Finding[],
): Promise<number> {
  const { catalogDirectory } = directory;
  problems.push(...findings.map(({ sentence }) => sentence));
  const known = new Set(findings.map(({ file }) => file));
  let whole = 0;
  for (const name of await disk.list(catalogDirectory)) {
    const lsn = lsnOfName(name);
    if (lsn === undefined || known.has(`catalog/${name}`)) continue;
    const bytes = await readWhole(disk, `${catalogDirectory}/${name}`);
    const snapshot = bytes === undefined ? undefined : decodeSnapshot(bytes, directory);
    if (snapshot?.state.knownThroughLsn === lsn) whole += 1;
    else problems.push(`The snapshot catalog/${name} is damaged.`);
  }
  return whole;
}

/** Undefined, and one problem more, if what is stored proves damaged. */
async function tried<Result>(problems: string[], look: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof EngineError) || error.kind !== "corrupt") throw error;
    problems.push(error.message);
    return undefined;
  }
}
