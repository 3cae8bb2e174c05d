// Recovery of a data directory after a close or a crash. docs/file-format.md section 6.

import type { DataDirectory } from "../directory/data-directory.ts";
import type { Manifest } from "../format/manifest.ts";
import { loadNewestWal, type NewestWal, noWalFile } from "../format/newest-wal-file.ts";
import { type WalHeader, walFileName, walHeaderBytes } from "../format/wal-file.ts";
import { damaged } from "../io/damage.ts";
import type { DamageFinding } from "../io/damage-files.ts";
import type { Disk, DiskFile } from "../io/disk.ts";
import { firstManifest, type LiveSegments } from "../segments/live-segments.ts";
import { EngineState } from "../state/engine-state.ts";
import { loadSnapshot } from "../state/snapshot-files.ts";
import { walAddressOf } from "../state/wal-index.ts";
import { readWalFileChain } from "../wal/wal-file-chain.ts";
import { scanMemoryBytes, WalScan } from "../wal/wal-scan.ts";
import type { WalFileInfo, WalPosition } from "../wal/wal-writer.ts";
import { readManifest, readSegments, removeLeftovers } from "./recover-segments.ts";

/** The state of a data directory after recovery. */
export interface Recovered {
  readonly state: EngineState;
  /** Where the WAL ends. */
  readonly end: WalPosition;
  readonly walFiles: readonly WalFileInfo[];
  readonly newestWal: NewestWal;
  readonly segments: LiveSegments;
  /** LSN of the snapshot file that was used; 0 if there is none, or a newer one is damaged. */
  readonly snapshotLsn: number;
  /** LSN of the last group. */
  readonly lastLsn: number;
  /** What was left out or is damaged, without a loss of acknowledged data as far as can be known. */
  readonly findings: readonly DamageFinding[];
}

/** Where a WAL file ends. From `unsettledAt` on no later group says that the bytes are durable. */
interface FileEnd {
  readonly offset: number;
  readonly unsettledAt: number;
}

/**
 * Restores the state from the newest snapshot file and the WAL behind it. Rejects with `corrupt`, and changes nothing, if
 * acknowledged data is provably missing. `scanMemory` is memory of `Disk.allocate()` that is unused until this resolves;
 * more is allocated if it is too small.
 */
export async function recover(disk: Disk, directory: DataDirectory, scanMemory?: Buffer): Promise<Recovered> {
  const findings: DamageFinding[] = [];
  const snapshot = await loadSnapshot(disk, directory.catalogDirectory, directory, findings);
  const isSnapshotSound = findings.length === 0;
  findings.push(...directory.findings);
  const state = snapshot?.state ?? new EngineState(directory);
  const manifest = await readManifest(disk, directory, findings);
  const newest =
    directory.format.hasNewestWal === true
      ? await loadNewestWal(disk, directory.path, directory.identity, findings)
      : undefined;
  const range = { oldestGeneration: manifest?.oldestGeneration ?? 0, newest };
  const headers = await readWalFileChain(disk, directory, range, findings);
  const oldest = headers[0];
  if (manifest === undefined) requireOldest(oldest, snapshot?.oldestGeneration);
  else requireOldestOf(manifest, oldest, state.knownThroughLsn);
  const segments = await readSegments(disk, directory, manifest ?? firstManifest(oldest?.generation ?? 1));
  state.flushedThrough = segments.manifest.flushedThrough;
  state.isRecovering = true;
  state.setLifecycleListener(segments);
  state.lsn = (oldest?.firstLsn ?? 1) - 1;
  const memory = memoryFor(headers, disk, scanMemory);
  const { walFiles, last } = await readWal({ disk, directory, headers, memory, state, findings });
  state.isRecovering = false;
  requireWhole(state);
  const end: WalPosition = { generation: headers.at(-1)?.generation ?? 0, offset: last.offset };
  if (headers.length > 0) await settleEnd(disk, directory, end, last.unsettledAt);
  segments.discardUnclaimed();
  // The manifest may be in the page cache only, and the one before it may name files that are removed next.
  if (manifest !== undefined) await disk.syncDirectory(directory.segmentDirectory);
  await removeLeftovers(disk, directory, segments.manifest);
  const snapshotLsn = isSnapshotSound ? state.knownThroughLsn : 0;
  const newestWal = headers.at(-1) ?? noWalFile;
  return { state, end, walFiles, newestWal, segments, snapshotLsn, lastLsn: state.lsn, findings };
}

interface WalReading {
  readonly disk: Disk;
  readonly directory: DataDirectory;
  readonly headers: readonly WalHeader[];
  readonly memory: Buffer;
  readonly state: EngineState;
  readonly findings: DamageFinding[];
}

/** Applies the groups of all WAL files to the state, the oldest file first. */
async function readWal(
  reading: WalReading,
): Promise<{ readonly walFiles: readonly WalFileInfo[]; readonly last: FileEnd }> {
  const { headers, state } = reading;
  const walFiles: WalFileInfo[] = [];
  let last: FileEnd = { offset: 0, unsettledAt: 0 };
  for (const [index, header] of headers.entries()) {
    last = await readWalFile(reading, header, headers[index + 1]);
    const { generation, firstLsn, fileLength } = header;
    walFiles.push({ generation, firstLsn, lastLsn: state.lsn, end: last.offset, fileLength });
  }
  return { walFiles, last };
}

async function readWalFile(
  { disk, directory, memory, state, findings }: WalReading,
  header: WalHeader,
  next: WalHeader | undefined,
): Promise<FileEnd> {
  const { walDirectory, isDirect, identity } = directory;
  const name = walFileName(header.generation);
  // Everything is read once: past the page cache it takes a third of the time, and other files stay in the cache.
  const file = await disk.open(`${walDirectory}/${name}`, isDirect ? "direct" : "read");
  const scan = new WalScan({ file, header, identity, memory, readsAhead: true });
  try {
    if (header.firstLsn !== state.lsn + 1) throw damaged(`wal/${name} does not begin with group ${state.lsn + 1}`);
    if (next === undefined) return await readLastFile({ header, name, file, scan, state, findings });
    return await readEarlierFile({ header, name, scan, state, end: next.previousEnd });
  } finally {
    await scan.done();
    await file.close();
  }
}

function memoryFor(headers: readonly WalHeader[], disk: Disk, given: Buffer | undefined): Buffer {
  const bytes = Math.min(scanMemoryBytes, Math.max(0, ...headers.map(({ fileLength }) => fileLength)));
  return given === undefined || given.length < bytes ? disk.allocate(bytes) : given.subarray(0, bytes);
}

/** Reads a file that has a successor: all groups up to the end that the successor's header names were acknowledged. */
async function readEarlierFile({
  header,
  name,
  scan,
  state,
  end,
}: {
  readonly header: WalHeader;
  readonly name: string;
  readonly scan: WalScan;
  readonly state: EngineState;
  readonly end: number;
}): Promise<FileEnd> {
  const { stop } = await applyGroups(scan, header, state, end);
  if (stop !== end) {
    throw damaged(`group ${state.lsn + 1} in wal/${name} at byte ${stop} was acknowledged and cannot be read`);
  }
  return { offset: end, unsettledAt: end };
}

/** Reads the last file: it ends at the first offset without a whole group, unless a claim says that one was durable there. */
async function readLastFile({
  header,
  name,
  file,
  scan,
  state,
  findings,
}: {
  readonly header: WalHeader;
  readonly name: string;
  readonly file: DiskFile;
  readonly scan: WalScan;
  readonly state: EngineState;
  readonly findings: DamageFinding[];
}): Promise<FileEnd> {
  const { stop, unsettledAt } = await applyGroups(scan, header, state, Number.POSITIVE_INFINITY);
  const found = { offset: stop, unsettledAt };
  const missing = state.lsn + 1;
  // With no group in this file the marker is that of an earlier one and says nothing about this one.
  const isCleanlyClosed = state.isCleanlyClosed && stop > walHeaderBytes;
  const length = await file.length();
  if (length < header.fileLength && !isCleanlyClosed) {
    const sentence =
      `The WAL file wal/${name} was truncated to ${length} of ${header.fileLength} bytes. The write-ahead log ends with ` +
      `group ${state.lsn} at byte ${stop}; records acknowledged after it, if any, are lost. Restore the ` +
      "data directory from a backup if they are needed.";
    findings.push({ file: `wal/${name}`, offset: stop, sentence });
  }
  // Nothing is written to a file after the marker of a clean close.
  if (isCleanlyClosed) return found;
  const { claimedLsn, hasBytes, hasGroup } = await scan.tailFrom(stop, missing);
  if (claimedLsn >= missing) {
    throw damaged(`group ${missing} in wal/${name} at byte ${stop} was acknowledged and cannot be read`);
  }
  if (hasBytes && (hasGroup || !header.isRecycled)) {
    const sentence =
      `The last group in wal/${name} at byte ${stop} is incomplete and was left out. This is usual after a crash or a ` +
      "power cut during a write, and no acknowledged record is lost then; it is a loss only if the disk damaged the bytes " +
      "afterwards.";
    findings.push({ file: `wal/${name}`, offset: stop, sentence });
  }
  return found;
}

/** Applies whole groups in order, and stops at the first offset without one, or at `end`. */
async function applyGroups(
  scan: WalScan,
  header: WalHeader,
  state: EngineState,
  end: number,
): Promise<{ readonly stop: number; readonly unsettledAt: number }> {
  let stop = walHeaderBytes;
  let durableThroughLsn = 0;
  const unsettled: { readonly lsn: number; readonly at: number }[] = [];
  while (stop < end) {
    const group = await scan.groupAt(stop, state.lsn + 1);
    if (group === undefined) break;
    state.applyGroup(group.bytes, group.header.used, walAddressOf(header.generation, stop), group.header.lsn);
    durableThroughLsn = Math.max(durableThroughLsn, group.header.durableThroughLsn);
    unsettled.push({ lsn: group.header.lsn, at: stop });
    while (unsettled[0] !== undefined && unsettled[0].lsn <= durableThroughLsn) unsettled.shift();
    stop += group.header.length;
  }
  return { stop, unsettledAt: unsettled[0]?.at ?? stop };
}

/** The manifest names the oldest WAL file, and a snapshot file must hold the control frames of those removed before it. */
function requireOldestOf({ oldestGeneration }: Manifest, oldest: WalHeader | undefined, snapshotLsn: number): void {
  if (oldest?.generation !== oldestGeneration) throw damaged(`wal/${walFileName(oldestGeneration)} is missing`);
  if (snapshotLsn < oldest.firstLsn - 1) {
    throw damaged(`no snapshot of the catalog as of group ${oldest.firstLsn - 1} or later can be read`);
  }
}

/** Before the first flush no file is removed, so the WAL begins with generation 1 or the one that the snapshot names. */
function requireOldest(oldest: WalHeader | undefined, snapshotGeneration: number | undefined): void {
  if (oldest === undefined) {
    if (snapshotGeneration !== undefined) throw damaged(`wal/${walFileName(snapshotGeneration)} is missing`);
    return;
  }
  if (snapshotGeneration === undefined && oldest.previousGeneration !== 0) {
    throw damaged(`wal/${walFileName(oldest.previousGeneration)} is missing`);
  }
  if (snapshotGeneration !== undefined && oldest.generation > snapshotGeneration) {
    throw damaged(`wal/${walFileName(snapshotGeneration)} is missing`);
  }
}

/** Throws unless the WAL reaches the snapshot's LSN, and each log has all records from its start to its tip. */
function requireWhole(state: EngineState): void {
  if (state.lsn < state.knownThroughLsn) {
    throw damaged(`the WAL ends with group ${state.lsn}, but group ${state.knownThroughLsn} was acknowledged`);
  }
  for (const log of state.logs.values()) {
    if (log.gap !== undefined) throw damaged(log.gap);
    if (log.indexedEnd === log.tip) continue;
    throw damaged(
      `records ${log.indexedEnd} to ${log.tip - 1} of shard ${log.shardIndex} of ${log.streamId} are missing`,
    );
  }
}

/**
 * Makes the end of the WAL durable. The last groups, or the headers of a file without groups, may be in a cache only; once
 * later groups follow them, a power cut must not take them back. Through the page cache a sync is not enough, because after
 * a failed sync the system takes the pages for written; so the bytes are written once more over themselves.
 */
async function settleEnd(
  disk: Disk,
  { walDirectory, isDirect }: DataDirectory,
  { generation, offset }: WalPosition,
  unsettledAt: number,
): Promise<void> {
  const file = await disk.open(`${walDirectory}/${walFileName(generation)}`, "write");
  try {
    if (!isDirect) {
      for (const [from, to] of [
        [0, walHeaderBytes],
        [unsettledAt, offset],
      ] as const) {
        const bytes = Buffer.alloc(to - from);
        await file.write(bytes.subarray(0, await file.read(bytes, from)), from);
      }
    }
    await file.sync();
  } finally {
    await file.close();
  }
}
