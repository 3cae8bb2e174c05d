// Recovery of the manifest and the segments that it names. docs/file-format.md sections 6 and 8.

import { mapInParts } from "../../../collections/map-in-parts.ts";
import type { DataDirectory } from "../directory/data-directory.ts";
import { loadManifest, type Manifest, manifestName } from "../format/manifest.ts";
import { segmentFileName, segmentIdOfName } from "../format/segment-file.ts";
import { generationOfName } from "../format/wal-file.ts";
import { damaged } from "../io/damage.ts";
import type { DamageFinding } from "../io/damage-files.ts";
import { type Disk, namesIn } from "../io/disk.ts";
import { LiveSegments } from "../segments/live-segments.ts";
import { loadSegment } from "../segments/load-segment.ts";

/** Segments that are loaded at once: more than the thread pool has threads, so that none of them is idle. */
const loadsMax = 16;

/** Undefined in a directory that has never flushed a WAL file. Throws `corrupt` if both copies are damaged. */
export async function readManifest(
  disk: Disk,
  { segmentDirectory, identity, format }: DataDirectory,
  findings: DamageFinding[],
): Promise<Manifest | undefined> {
  const file = `segments/${manifestName}`;
  const loaded = await loadManifest(disk, segmentDirectory, identity);
  if (loaded.kind === "absent") {
    if (format.hasSegments === true) throw damaged(`${file} is missing`);
    return undefined;
  }
  if (loaded.kind === "damaged") throw damaged(`${file} cannot be read`);
  if (loaded.damagedHalf !== undefined) {
    const sentence =
      `One of the two copies in ${file} is damaged; the other one is whole, so no data is lost. The next compaction ` +
      "writes both again; check the disk for errors.";
    findings.push({ file, offset: loaded.damagedHalf * loaded.halfBytes, sentence });
  }
  return loaded.value;
}

/** Loads the rows of every segment that the manifest names. Throws `corrupt` if one is missing or damaged. */
export async function readSegments(
  disk: Disk,
  { segmentDirectory, identity }: DataDirectory,
  manifest: Manifest,
): Promise<LiveSegments> {
  const rows = await mapInParts(manifest.segments, loadsMax, async (name) => {
    const loaded = await loadSegment(disk, segmentDirectory, name, identity);
    return [name.id, loaded.rows] as const;
  });
  return new LiveSegments(manifest, new Map(rows));
}

/** Removes files that the manifest does not name: a crash came before their removal, or before they were named. */
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
    const isOld = generation !== undefined && generation < oldestGeneration;
    if (isOld || name.endsWith(".tmp")) await disk.remove(`${walDirectory}/${name}`);
  }
}
