import type { ContentAccess } from "../directory/content-cipher.ts";
import type { DamageFinding } from "../io/damage-files.ts";
import { type Disk, readWhole, replaceFile } from "../io/disk.ts";
import { decodeSnapshot, encodeSnapshot, lsnOfName, type Snapshot, snapshotName } from "./snapshot.ts";

/** The older one is used if the newest is damaged. */
export const snapshotsKept = 2;

/** The newest snapshot that verifies, if any. Each that does not is a finding: the WAL still has what it contained. */
export async function loadSnapshot(
  disk: Disk,
  directory: string,
  contents: ContentAccess,
  findings: DamageFinding[],
): Promise<Snapshot | undefined> {
  const names = await disk.list(directory);
  for (const name of names) if (name.endsWith(".tmp")) await disk.remove(`${directory}/${name}`);
  for (const lsn of snapshotLsns(names).reverse()) {
    const name = snapshotName(lsn);
    const bytes = await readWhole(disk, `${directory}/${name}`);
    const snapshot = bytes === undefined ? undefined : decodeSnapshot(bytes, contents);
    if (snapshot !== undefined) return snapshot;
    const sentence = `The snapshot catalog/${name} is damaged (checksum mismatch). No data is lost: the state was rebuilt from an older snapshot and the WAL. Check the disk.`;
    findings.push({ file: `catalog/${name}`, offset: 0, sentence });
  }
  return undefined;
}

/**
 * Writes a snapshot and removes the oldest ones; resolves with its size in bytes when it is durable. The state is encoded and
 * named before anything is awaited, because it changes meanwhile.
 */
export async function writeSnapshot(
  disk: Disk,
  directory: string,
  snapshot: Snapshot,
  contents: ContentAccess,
): Promise<number> {
  const bytes = encodeSnapshot(snapshot, contents);
  const name = snapshotName(snapshot.state.lsn);
  await replaceFile(disk, directory, name, bytes);
  const lsns = snapshotLsns(await disk.list(directory));
  for (const lsn of lsns.slice(0, -snapshotsKept)) await disk.remove(`${directory}/${snapshotName(lsn)}`);
  return bytes.length;
}

function snapshotLsns(names: readonly string[]): number[] {
  return names.flatMap((name) => lsnOfName(name) ?? []).sort((left, right) => left - right);
}
