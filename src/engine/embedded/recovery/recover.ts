// What a crash may leave behind, and what is made of it. docs/file-format.md section 6.

import type { DataDirectory } from "../directory/data-directory.ts";
import type { Manifest } from "../format/manifest.ts";
import { type WalHeader, walFileName, walHeaderBytes } from "../format/wal-file.ts";
import { damaged } from "../io/damage.ts";
import type { Finding } from "../io/damage-report.ts";
import type { Disk, DiskFile } from "../io/disk.ts";
import { firstManifest, type LiveSegments } from "../segments/live-segments.ts";
import { EngineState } from "../state/engine-state.ts";
import { walAddressOf } from "../state/log-index.ts";
import { loadSnapshot } from "../state/snapshot-files.ts";
import { readWalHeaders } from "../wal/wal-headers.ts";
import { scanBytes, WalScan } from "../wal/wal-scan.ts";
import type { WalFileInfo, WalPosition } from "../wal/wal-writer.ts";
import { readManifest, readSegments, removeLeftovers } from "./recover-segments.ts";

export interface Recovered {
  readonly state: EngineState;
  readonly end: WalPosition;
  readonly walFiles: readonly WalFileInfo[];
  readonly segments: LiveSegments;
  /** The LSN of the snapshot that was used; 0 without one, or if a newer one is damaged. */
  readonly snapshotLsn: number;
  /** The last group that was read. */
  readonly lastLsn: number;
  readonly findings: readonly Finding[];
}

/**
 * Brings the state back from the newest snapshot and the log. Rejects with `corrupt`, and changes nothing, if anything
 * that was acknowledged is provably lost; whatever else had to be left out is among the findings. `scanMemory` is memory
 * of `allocate()` that nobody else uses meanwhile; where it is too small, or there is none, there will be more.
 */
export async function recover(disk: Disk, directory: DataDirectory, scanMemory?: Buffer): Promise<Recovered> {
  const findings: Finding[] = [];
  const snapshot = await loadSnapshot(disk, directory.catalogDirectory, directory, findings);
  const isSnapshotSound = findings.length === 0;
  findings.push(...directory.findings);
  const state = snapshot?.state ?? new EngineState(directory);
  const manifest = await readManifest(disk, directory, findings);
  const headers = await readWalHeaders(disk, directory, manifest?.oldestGeneration ?? 0, findings);
  const oldest = headers[0];
  if (manifest === undefined) requireOldest(oldest, snapshot?.oldestGeneration);
  else requireOldestOf(manifest, oldest, state.knownThroughLsn);
  const segments = await readSegments(disk, directory, manifest ?? firstManifest(oldest?.generation ?? 1));
  state.flushedThrough = segments.manifest.flushedThrough;
  state.isRecovering = true;
  state.keepWith(segments);
  state.lsn = (oldest?.firstLsn ?? 1) - 1;
  let end: WalPosition = { generation: 0, offset: 0 };
  let unsettledAt = 0;
  const walFiles: WalFileInfo[] = [];
  const memory = memoryFor(headers, disk, scanMemory);
  for (const [index, header] of headers.entries()) {
    const name = walFileName(header.generation);
    // One read of everything: past the page cache it costs a third, and leaves the cache to others.
    const file = await disk.open(`${directory.walDirectory}/${name}`, directory.isDirect ? "direct" : "read");
    const scan = new WalScan({ file, header, identity: directory.identity, memory, readsAhead: true });
    try {
      if (header.firstLsn !== state.lsn + 1) throw damaged(`wal/${name} does not begin with group ${state.lsn + 1}`);
      const next = headers[index + 1];
      if (next === undefined)
        ({ end, unsettledAt } = await readLastFile({ header, name, file, scan, state, findings }));
      else end = await readEarlierFile({ header, name, scan, state, end: next.previousEnd });
    } finally {
      await scan.done();
      await file.close();
    }
    const { generation, firstLsn, fileLength } = header;
    walFiles.push({ generation, firstLsn, lastLsn: state.lsn, end: end.offset, fileLength });
  }
  state.isRecovering = false;
  requireWhole(state);
  if (headers.length > 0) await settleEnd(disk, directory, end, unsettledAt);
  segments.forgetStrangers();
  // The manifest too may stand in a cache only, and what it does not name may be named by the one before.
  if (manifest !== undefined) await disk.syncDirectory(directory.segmentDirectory);
  await removeLeftovers(disk, directory, segments.manifest);
  const snapshotLsn = isSnapshotSound ? state.knownThroughLsn : 0;
  return { state, end, walFiles, segments, snapshotLsn, lastLsn: state.lsn, findings };
}

function memoryFor(headers: readonly WalHeader[], disk: Disk, given: Buffer | undefined): Buffer {
  const bytes = Math.min(scanBytes, Math.max(0, ...headers.map(({ fileLength }) => fileLength)));
  return given === undefined || given.length < bytes ? disk.allocate(bytes) : given.subarray(0, bytes);
}

/** A file that another follows: all of it up to where that one says the log went on was acknowledged. */
async function readEarlierFile(part: {
  readonly header: WalHeader;
  readonly name: string;
  readonly scan: WalScan;
  readonly state: EngineState;
  readonly end: number;
}): Promise<WalPosition> {
  const { header, name, scan, state, end } = part;
  const { stop } = await applyGroups(scan, header, state, end);
  if (stop !== end) {
    throw damaged(`group ${state.lsn + 1} in wal/${name} at byte ${stop} was acknowledged and cannot be read`);
  }
  return { generation: header.generation, offset: end };
}

/** The last file: it ends at the first place where no whole group stands, unless something claims that one did. */
async function readLastFile(part: {
  readonly header: WalHeader;
  readonly name: string;
  readonly file: DiskFile;
  readonly scan: WalScan;
  readonly state: EngineState;
  readonly findings: Finding[];
}): Promise<{ readonly end: WalPosition; readonly unsettledAt: number }> {
  const { header, name, file, scan, state, findings } = part;
  const { stop, unsettledAt } = await applyGroups(scan, header, state, Number.POSITIVE_INFINITY);
  const found = { end: { generation: header.generation, offset: stop }, unsettledAt };
  const missing = state.lsn + 1;
  // The marker of an earlier file says nothing about this one.
  const isCleanlyClosed = state.isCleanlyClosed && stop > walHeaderBytes;
  const length = await file.length();
  if (length < header.fileLength && !isCleanlyClosed) {
    const sentence =
      `wal/${name} was cut to ${length} of ${header.fileLength} bytes: the log ends with group ${state.lsn} at byte ` +
      `${stop}, and any group that was acknowledged after it is lost.`;
    findings.push({ file: `wal/${name}`, offset: stop, sentence });
  }
  // Behind the marker of a clean close nothing was ever written.
  if (isCleanlyClosed) return found;
  const { claimedLsn, hasBytes, hasGroup } = await scan.tailFrom(stop, missing);
  if (claimedLsn >= missing) {
    throw damaged(`group ${missing} in wal/${name} at byte ${stop} was acknowledged and cannot be read`);
  }
  if (hasBytes && (hasGroup || !header.isRecycled)) {
    const sentence =
      `The last group in wal/${name} at byte ${stop} is incomplete and was left out: its write was cut short by a crash, ` +
      `and then it was never acknowledged, or its bytes were damaged since.`;
    findings.push({ file: `wal/${name}`, offset: stop, sentence });
  }
  return found;
}

/**
 * Applies whole groups in order; stops where the first one that is not whole would stand, or at `end`. From `unsettledAt` on no
 * group is said to be durable by a later one: several were on their way at once.
 */
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

/** Where files have been removed, the manifest says which, and a snapshot holds what they said of logs and the catalog. */
function requireOldestOf({ oldestGeneration }: Manifest, oldest: WalHeader | undefined, snapshotLsn: number): void {
  if (oldest?.generation !== oldestGeneration) throw damaged(`wal/${walFileName(oldestGeneration)} is missing`);
  if (snapshotLsn < oldest.firstLsn - 1) {
    throw damaged(`no snapshot of the catalog as of group ${oldest.firstLsn - 1} or later can be read`);
  }
}

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

/** What the snapshot says was durable must have been found in the log. */
function requireWhole(state: EngineState): void {
  if (state.lsn < state.knownThroughLsn) {
    throw damaged(`it ends with group ${state.lsn}, but group ${state.knownThroughLsn} was acknowledged`);
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
 * The last groups may so far stand in a cache only, all those that were on their way at once, and so may the headers of a
 * file that has none; once they have been built upon, a power cut must not take them back. Where the system writes for us a
 * sync is not enough: after one that failed, it takes what it could not write for written. So the bytes are written once
 * more, over themselves.
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
