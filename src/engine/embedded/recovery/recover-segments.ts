// What recovery reads of segments: the manifest, and the rows of each. docs/file-format.md sections 6 and 8.

import type { DataDirectory } from "../directory/data-directory.ts";
import { loadManifest, type Manifest, manifestName } from "../format/manifest.ts";
import { type SegmentRow, segmentFileName, segmentIdOfName } from "../format/segment-file.ts";
import { generationOfName } from "../format/wal-file.ts";
import { damaged } from "../io/damage.ts";
import type { Finding } from "../io/damage-report.ts";
import { type Disk, namesIn } from "../io/disk.ts";
import { LiveSegments } from "../segments/live-segments.ts";
import { loadSegment } from "../segments/load-segment.ts";

/** Segments that are opened at once: more than there are threads to read them, so that none waits for the others. */
const loadsMax = 16;

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
  return loaded.value;
}

export async function readSegments(
  disk: Disk,
  { segmentDirectory, identity }: DataDirectory,
  manifest: Manifest,
): Promise<LiveSegments> {
  const rows = new Map<number, readonly SegmentRow[]>();
  for (let from = 0; from < manifest.segments.length; from += loadsMax) {
    const names = manifest.segments.slice(from, from + loadsMax);
    const loaded = await Promise.all(names.map((name) => loadSegment(disk, segmentDirectory, name, identity)));
    for (const [index, { id }] of names.entries()) rows.set(id, loaded[index]?.rows ?? []);
  }
  return new LiveSegments(manifest, rows);
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
