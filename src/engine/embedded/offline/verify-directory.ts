import { type DataDirectory, openReadOnly } from "../directory/data-directory.ts";
import type { RootKeyProvider } from "../directory/root-key-provider.ts";
import { loadManifest } from "../format/manifest.ts";
import type { DamageFinding } from "../io/damage-files.ts";
import { type Disk, readWhole } from "../io/disk.ts";
import { writeDiscardingDisk } from "../io/write-discarding-disk.ts";
import { type Recovered, recover } from "../recovery/recover.ts";
import { decodeSnapshot, lsnOfName } from "../state/snapshot.ts";
import { collectDamage } from "./collect-damage.ts";
import { verifySegment } from "./verify-segment.ts";
import { verifyWal } from "./verify-wal.ts";

export interface VerifyReport {
  /** False for an encrypted directory without its keys: then encrypted bodies were checked by their checksums only. */
  readonly isOpened: boolean;
  /** False where no lock could be taken: a server that has the directory open elsewhere may be the cause of a problem. */
  readonly isLocked: boolean;
  /** One sentence for each place that is not as it was written; empty if the directory is whole. */
  readonly problems: readonly string[];
  /** What was verified and found whole. */
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
 * Verifies every checksum, index and position of a data directory, and changes nothing. An encrypted directory is decrypted
 * if `keys` are given. Rejects with `DataDirectoryError` if there is no data directory, if a server has it open, or if `keys`
 * are not its keys.
 */
export async function verifyDirectory(
  disk: Disk,
  path: string,
  keys?: RootKeyProvider | undefined,
): Promise<VerifyReport> {
  const directory = await openReadOnly(writeDiscardingDisk(disk), path, keys);
  try {
    return await verifyLockedDirectory(disk, directory);
  } finally {
    await directory.lock.release();
  }
}

/** Verifies a directory whose lock the caller holds. */
export async function verifyLockedDirectory(disk: Disk, directory: DataDirectory): Promise<VerifyReport> {
  const looking = writeDiscardingDisk(disk);
  const problems: string[] = [];
  const recovered = await collectDamage(problems, () => recover(looking, directory));
  if (recovered !== undefined) await verifyWal(looking, directory, recovered, problems);
  const segments = await verifySegments(looking, directory, problems);
  const snapshots = await verifySnapshots(looking, directory, problems, recovered?.findings ?? []);
  const isOpened = !directory.isClosed;
  const isLocked = directory.lock.isHeld();
  return {
    isOpened,
    isLocked,
    problems: [...new Set(problems)],
    counts: { ...countsOf(recovered), ...segments, snapshots },
  };
}

function countsOf(recovered: Recovered | undefined) {
  return {
    groups: recovered?.walFiles.reduce((sum, { firstLsn, lastLsn }) => sum + lastLsn - firstLsn + 1, 0) ?? 0,
    shardLogs: recovered?.state.logs.size ?? 0,
    documents: recovered?.state.documents.size ?? 0,
  };
}

/** Verifies each segment alone, so that damage to one does not hide damage to another. */
async function verifySegments(disk: Disk, directory: DataDirectory, problems: string[]) {
  const { segmentDirectory, identity } = directory;
  const loaded = await loadManifest(disk, segmentDirectory, identity);
  let [segments, entriesInSegments, recordsInSegments] = [0, 0, 0];
  for (const segment of loaded.kind === "whole" ? loaded.value.segments : []) {
    const count = await collectDamage(problems, () => verifySegment(disk, segmentDirectory, segment, directory));
    if (count === undefined) continue;
    segments += 1;
    entriesInSegments += count.entryCount;
    recordsInSegments += count.recordCount;
  }
  return { segments, entriesInSegments, recordsInSegments };
}

/** Verifies both snapshot files; recovery reads the older one only if the newer one is damaged. */
async function verifySnapshots(
  disk: Disk,
  directory: DataDirectory,
  problems: string[],
  findings: readonly DamageFinding[],
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
    else problems.push(`The snapshot catalog/${name} is damaged. No data is lost while the other one is whole.`);
  }
  return whole;
}
