import type { DirectoryContents } from "../directory/directory-cipher.ts";
import type { Finding } from "../io/damage-report.ts";
import { type Disk, readWhole, replaceFile } from "../io/disk.ts";
import { decodeSnapshot, encodeSnapshot, lsnOfName, type Snapshot, snapshotName } from "./snapshot.ts";

/** An older one is kept in case the newest turns out damaged. */
export const snapshotsKept = 2;

/** The newest snapshot that verifies, if any. One that does not is a finding: the log still holds what it held. */
export async function loadSnapshot(
  disk: Disk,
  directory: string,
  contents: DirectoryContents,
  findings: Finding[],
): Promise<Snapshot | undefined> {
  const names = await disk.list(directory);
  for (const name of names) if (name.endsWith(".tmp")) await disk.remove(`${directory}/${name}`);
  for (const lsn of snapshotLsns(names).reverse()) {
    const name = snapshotName(lsn);
    const bytes = await readWhole(disk, `${directory}/${name}`);
    const snapshot = bytes === undefined ? undefined : decodeSnapshot(bytes, contents);
    if (snapshot !== undefined) return snapshot;
    const sentence = `The snapshot catalog/${name} is damaged; the state was taken from the log behind an older one.`;
    findings.push({ file: `catalog/${name}`, offset: 0, sentence });
  }
  return undefined;
}

/**
 * Durable when it resolves, with its size; then the oldest ones go. The state is taken before anything is awaited, and
 * named before too: the state moves on meanwhile.
 */
export async function writeSnapshot(
  disk: Disk,
  directory: string,
  snapshot: Snapshot,
  contents: DirectoryContents,
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
