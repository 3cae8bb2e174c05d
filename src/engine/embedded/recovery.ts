// What a crash may leave behind, and what is made of it. docs/file-format.md section 6.
import { damaged } from "./damage.ts";
import type { Finding } from "./damage-report.ts";
import type { DataDirectory } from "./data-directory.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { Ledger } from "./ledger.ts";
import { addressOf } from "./log-index.ts";
import type { Manifest } from "./manifest.ts";
import { readManifest, readSegments, removeLeftovers } from "./recovered-segments.ts";
import { firstManifest, type SegmentSet } from "./segment-set.ts";
import { loadSnapshot } from "./snapshot-files.ts";
import { type WalHeader, walFileName, walHeaderBytes } from "./wal-file.ts";
import { readWalHeaders } from "./wal-headers.ts";
import { scanBytes, WalScan } from "./wal-scan.ts";
import type { WalEnd, WalPart } from "./wal-writer.ts";

export interface Recovered {
  readonly ledger: Ledger;
  readonly end: WalEnd;
  readonly parts: readonly WalPart[];
  readonly segments: SegmentSet;
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
  const ledger = snapshot?.ledger ?? new Ledger(directory);
  const manifest = await readManifest(disk, directory, findings);
  const headers = await readWalHeaders(disk, directory, manifest?.oldestGeneration ?? 0, findings);
  const oldest = headers[0];
  if (manifest === undefined) requireOldest(oldest, snapshot?.oldestGeneration);
  else requireOldestOf(manifest, oldest, ledger.knownThroughLsn);
  const segments = await readSegments(disk, directory, manifest ?? firstManifest(oldest?.generation ?? 1));
  ledger.sealedThrough = segments.manifest.sealedThrough;
  ledger.isRecovering = true;
  ledger.keepWith(segments);
  ledger.lsn = (oldest?.firstLsn ?? 1) - 1;
  let end: WalEnd = { generation: 0, offset: 0 };
  let unsettledAt = 0;
  const parts: WalPart[] = [];
  const memory = memoryFor(headers, disk, scanMemory);
  for (const [index, header] of headers.entries()) {
    const name = walFileName(header.generation);
    // One read of everything: past the page cache it costs a third, and leaves the cache to others.
    const file = await disk.open(`${directory.walDirectory}/${name}`, directory.isDirect ? "direct" : "read");
    const scan = new WalScan({ file, header, identity: directory.identity, memory, readsAhead: true });
    try {
      if (header.firstLsn !== ledger.lsn + 1) throw damaged(`wal/${name} does not begin with group ${ledger.lsn + 1}`);
      const next = headers[index + 1];
      if (next === undefined)
        ({ end, unsettledAt } = await readLastFile({ header, name, file, scan, ledger, findings }));
      else end = await readEarlierFile({ header, name, scan, ledger, end: next.previousEnd });
    } finally {
      await scan.done();
      await file.close();
    }
    const { generation, firstLsn, fileLength } = header;
    parts.push({ generation, firstLsn, lastLsn: ledger.lsn, end: end.offset, fileLength });
  }
  ledger.isRecovering = false;
  requireWhole(ledger);
  if (headers.length > 0) await settleEnd(disk, directory, end, unsettledAt);
  segments.forgetStrangers();
  // The manifest too may stand in a cache only, and what it does not name may be named by the one before.
  if (manifest !== undefined) await disk.syncDirectory(directory.segmentDirectory);
  await removeLeftovers(disk, directory, segments.manifest);
  const snapshotLsn = isSnapshotSound ? ledger.knownThroughLsn : 0;
  return { ledger, end, parts, segments, snapshotLsn, lastLsn: ledger.lsn, findings };
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
  readonly ledger: Ledger;
  readonly end: number;
}): Promise<WalEnd> {
  const { header, name, scan, ledger, end } = part;
  const { stop } = await applyGroups(scan, header, ledger, end);
  if (stop !== end) {
    throw damaged(`group ${ledger.lsn + 1} in wal/${name} at byte ${stop} was acknowledged and cannot be read`);
  }
  return { generation: header.generation, offset: end };
}

/** The last file: it ends at the first place where no whole group stands, unless something claims that one did. */
async function readLastFile(part: {
  readonly header: WalHeader;
  readonly name: string;
  readonly file: DiskFile;
  readonly scan: WalScan;
  readonly ledger: Ledger;
  readonly findings: Finding[];
}): Promise<{ readonly end: WalEnd; readonly unsettledAt: number }> {
  const { header, name, file, scan, ledger, findings } = part;
  const { stop, unsettledAt } = await applyGroups(scan, header, ledger, Number.POSITIVE_INFINITY);
  const found = { end: { generation: header.generation, offset: stop }, unsettledAt };
  const missing = ledger.lsn + 1;
  // The marker of an earlier file says nothing about this one.
  const isCleanlyClosed = ledger.isCleanlyClosed && stop > walHeaderBytes;
  const length = await file.length();
  if (length < header.fileLength && !isCleanlyClosed) {
    const sentence =
      `wal/${name} was cut to ${length} of ${header.fileLength} bytes: the log ends with group ${ledger.lsn} at byte ` +
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
  ledger: Ledger,
  end: number,
): Promise<{ readonly stop: number; readonly unsettledAt: number }> {
  let stop = walHeaderBytes;
  let durableThroughLsn = 0;
  const unsettled: { readonly lsn: number; readonly at: number }[] = [];
  while (stop < end) {
    const group = await scan.groupAt(stop, ledger.lsn + 1);
    if (group === undefined) break;
    ledger.applyGroup(group.bytes, group.header.used, addressOf(header.generation, stop), group.header.lsn);
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
function requireWhole(ledger: Ledger): void {
  if (ledger.lsn < ledger.knownThroughLsn) {
    throw damaged(`it ends with group ${ledger.lsn}, but group ${ledger.knownThroughLsn} was acknowledged`);
  }
  for (const log of ledger.logs.values()) {
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
  { generation, offset }: WalEnd,
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
