import { EngineError } from "../engine-error.ts";
import type { Finding } from "./damage-report.ts";
import { type DataDirectory, openToLookAt } from "./data-directory.ts";
import { blockBytes, type Disk, type DiskFile, readWhole } from "./disk.ts";
import { resemblesGroup } from "./group.ts";
import { loadManifest } from "./manifest.ts";
import { readOnlyDisk } from "./read-only-disk.ts";
import { namesIn } from "./recovered-segments.ts";
import { type Recovered, recover } from "./recovery.ts";
import { decodeSnapshot, lsnOfName } from "./snapshot.ts";
import { verifySegment } from "./verify-segment.ts";
import { readWalHeader, walFileName, walHeaderBytes, writeWalHeader } from "./wal-file.ts";
import { hasBytesFrom } from "./wal-headers.ts";

export interface VerifyReport {
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
 * there is none to look at, or a server has it open.
 */
export async function verifyDirectory(disk: Disk, path: string): Promise<VerifyReport> {
  const looking = readOnlyDisk(disk);
  const directory = await openToLookAt(looking, path);
  try {
    const problems: string[] = [];
    const recovered = await tried(problems, () => recover(looking, directory));
    if (recovered !== undefined) await verifyFiles(looking, directory, recovered, problems);
    const segments = await verifySegments(looking, directory, problems);
    const snapshots = await verifySnapshots(looking, directory, problems, recovered?.findings ?? []);
    return { problems: [...new Set(problems)], counts: { ...countsOf(recovered), ...segments, snapshots } };
  } finally {
    await directory.lock.release();
  }
}

function countsOf(recovered: Recovered | undefined) {
  return {
    groups: recovered?.parts.reduce((sum, { firstLsn, lastLsn }) => sum + lastLsn - firstLsn + 1, 0) ?? 0,
    shardLogs: recovered?.ledger.logs.size ?? 0,
    documents: recovered?.ledger.documents.size ?? 0,
  };
}

/** What recovery has no need to look at: the rest of the headers' blocks, and what lies behind a clean close. */
async function verifyFiles(
  disk: Disk,
  { walDirectory, damageDirectory, identity }: DataDirectory,
  { ledger, parts }: Recovered,
  problems: string[],
): Promise<void> {
  const reports = await namesIn(disk, damageDirectory);
  const head = Buffer.alloc(walHeaderBytes);
  const expected = Buffer.alloc(walHeaderBytes);
  for (const [index, { generation, lastLsn, end }] of parts.entries()) {
    const name = walFileName(generation);
    const file = await disk.open(`${walDirectory}/${name}`, "read");
    try {
      await file.read(head, 0);
      const header =
        readWalHeader(head.subarray(0, blockBytes), identity) ?? readWalHeader(head.subarray(blockBytes), identity);
      if (header !== undefined) writeWalHeader(expected, header, identity);
      if (!head.equals(expected)) problems.push(`The headers of wal/${name} are not as they were written.`);
      const isLast = index === parts.length - 1;
      if (header?.isRecycled !== false || (isLast && !ledger.isCleanlyClosed)) continue;
      // What was cut short stands behind the end: recovery has left a report of it, unless there was no room for one.
      const block = await blockAt(file, end);
      const isCutShort =
        reports.some(isReportOf(name)) || resemblesGroup(block, { generation, lsn: lastLsn + 1 }, identity);
      if ((isLast || !isCutShort) && (await hasBytesFrom(file, end))) {
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
async function verifySegments(disk: Disk, { segmentDirectory, identity }: DataDirectory, problems: string[]) {
  const loaded = await loadManifest(disk, segmentDirectory, identity);
  let [segments, entriesInSegments, recordsInSegments] = [0, 0, 0];
  for (const segment of loaded.kind === "whole" ? loaded.manifest.segments : []) {
    const count = await tried(problems, () => verifySegment(disk, segmentDirectory, segment, identity));
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
  { catalogDirectory, identity }: DataDirectory,
  problems: string[],
  findings: readonly Finding[],
): Promise<number> {
  problems.push(...findings.map(({ sentence }) => sentence));
  const known = new Set(findings.map(({ file }) => file));
  let whole = 0;
  for (const name of await disk.list(catalogDirectory)) {
    const lsn = lsnOfName(name);
    if (lsn === undefined || known.has(`catalog/${name}`)) continue;
    const bytes = await readWhole(disk, `${catalogDirectory}/${name}`);
    const snapshot = bytes === undefined ? undefined : decodeSnapshot(bytes, identity);
    if (snapshot?.ledger.knownThroughLsn === lsn) whole += 1;
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
