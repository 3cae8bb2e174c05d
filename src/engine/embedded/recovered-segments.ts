// What recovery reads of segments: the manifest, and the rows of each. docs/file-format.md sections 6 and 8.
import { damaged } from "./damage.ts";
import type { Finding } from "./damage-report.ts";
import type { DataDirectory } from "./data-directory.ts";
import { type Disk, errorCode } from "./disk.ts";
import { loadManifest, type Manifest, manifestName } from "./manifest.ts";
import { type SegmentRow, segmentFileName, segmentIdOfName } from "./segment-file.ts";
import { loadSegment } from "./segment-load.ts";
import { SegmentSet } from "./segment-set.ts";
import { generationOfName } from "./wal-file.ts";

/** Segments that are opened at once. */
const loadsMax = 4;

/** Undefined in a directory where nothing was ever sealed. */
export async function readManifest(
  disk: Disk,
  { segmentDirectory, identity, format }: DataDirectory,
  findings: Finding[],
): Promise<Manifest | undefined> {
  const file = `segments/${manifestName}`;
  const loaded = await loadManifest(disk, segmentDirectory, identity);
  if (loaded.kind === "absent") {
    if (format.hasSegments === true) throw damaged(`${file} is missing`);
    return undefined;
  }
  if (loaded.kind === "damaged") throw damaged(`${file} cannot be read`);
  if (loaded.damagedHalf !== undefined) {
    const sentence = `One of the two copies in ${file} is damaged; the other one is whole, so nothing is lost.`;
    findings.push({ file, offset: loaded.damagedHalf * loaded.halfBytes, sentence });
  }
  return loaded.manifest;
}

export async function readSegments(
  disk: Disk,
  { segmentDirectory, identity }: DataDirectory,
  manifest: Manifest,
): Promise<SegmentSet> {
  const rows = new Map<number, readonly SegmentRow[]>();
  for (let from = 0; from < manifest.segments.length; from += loadsMax) {
    const names = manifest.segments.slice(from, from + loadsMax);
    const loaded = await Promise.all(names.map((name) => loadSegment(disk, segmentDirectory, name, identity)));
    for (const [index, { id }] of names.entries()) rows.set(id, loaded[index]?.rows ?? []);
  }
  return new SegmentSet(manifest, rows);
}

/** Files that a crash kept from being removed, or from being named. */
export async function removeLeftovers(
  disk: Disk,
  { walDirectory, segmentDirectory }: DataDirectory,
  { oldestGeneration, segments }: Manifest,
): Promise<void> {
  const named = new Set(segments.map(({ id }) => segmentFileName(id)));
  for (const name of await namesIn(disk, segmentDirectory)) {
    const isStray = segmentIdOfName(name) !== undefined && !named.has(name);
    if (isStray || name.endsWith(".tmp")) await disk.remove(`${segmentDirectory}/${name}`);
  }
  for (const name of await disk.list(walDirectory)) {
    const generation = generationOfName(name);
    if (generation !== undefined && generation < oldestGeneration) await disk.remove(`${walDirectory}/${name}`);
  }
}

/** None, if there is no such directory. */
export async function namesIn(disk: Disk, directory: string): Promise<readonly string[]> {
  try {
    return await disk.list(directory);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}
