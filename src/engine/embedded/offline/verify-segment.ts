// Verifies every byte of a segment. docs/file-format.md section 8.
import assert from "node:assert/strict";
import type { ContentAccess } from "../directory/content-cipher.ts";
import { decryptedBodyAt, frameStoredMsAt } from "../format/frame.ts";
import type { ManifestSegment } from "../format/manifest.ts";
import {
  decodeIndexPoints,
  extentsOffset,
  type IndexPoint,
  indexPointBytes,
  rowBytes,
  type SegmentRow,
  segmentFileName,
  segmentHeaderVerifies,
  trailerBytes,
} from "../format/segment-file.ts";
import { damaged } from "../io/damage.ts";
import { blockBytes, type Disk, type DiskFile } from "../io/disk.ts";
import { isZero } from "../io/is-zero.ts";
import { framesOfExtent, loadSegment, readExactly } from "../segments/load-segment.ts";

export interface SegmentCount {
  readonly entryCount: number;
  readonly recordCount: number;
}

/** Throws `corrupt` at the first place that is not as it was written, or that the key does not decrypt. */
export async function verifySegment(
  disk: Disk,
  directory: string,
  segment: ManifestSegment,
  { identity, cipher }: ContentAccess,
): Promise<SegmentCount> {
  const path = `segments/${segmentFileName(segment.id)}`;
  const { trailer, rows } = await loadSegment(disk, directory, segment, identity);
  const file = await disk.open(`${directory}/${segmentFileName(segment.id)}`, "read");
  try {
    const head = await readExactly(file, 0, blockBytes, path);
    if (trailer.isShared !== segment.isShared || !segmentHeaderVerifies(head, segment, identity)) {
      throw damaged(`the header of ${path} cannot be read`);
    }
    const end = layoutEnd(rows, { path, dataBytes: segment.dataBytes, rowsOffset: trailer.rowsOffset });
    const padding = await readExactly(file, end, trailer.fileLength - trailerBytes - end, path);
    if (!isZero(padding, 0, padding.length)) throw damaged(`${path} has bytes other than zero behind its rows`);
    let [entryCount, recordCount] = [0, 0];
    for (const row of rows) {
      await verifyExtent(file, row, { seed: identity.seed, cipher, path });
      entryCount += row.entryCount;
      recordCount += row.end - row.position;
    }
    return { entryCount, recordCount };
  } finally {
    await file.close();
  }
}

/** Verifies that extents, their points and the rows follow each other without gaps. Returns the end of the rows, in bytes. */
function layoutEnd(
  rows: readonly SegmentRow[],
  { path, dataBytes, rowsOffset }: { readonly path: string; readonly dataBytes: number; readonly rowsOffset: number },
): number {
  let at = extentsOffset;
  for (const { offset, length } of rows) {
    if (offset !== at) throw damaged(`an extent of ${path} is not at byte ${at}`);
    at += length;
  }
  if (at !== extentsOffset + dataBytes) throw damaged(`the extents of ${path} do not end at byte ${at}`);
  for (const { pointsOffset, pointCount } of rows) {
    if (pointsOffset !== at) throw damaged(`points of ${path} are not at byte ${at}`);
    at += pointCount * indexPointBytes;
  }
  if (rowsOffset !== at) throw damaged(`the rows of ${path} are not at byte ${at}`);
  return at + rows.length * rowBytes;
}

/** Verifies every frame of an extent, its position in the log, and the index points that lead to it. */
async function verifyExtent(
  file: DiskFile,
  row: SegmentRow,
  { seed, cipher, path }: { readonly seed: number; readonly cipher: ContentAccess["cipher"]; readonly path: string },
): Promise<void> {
  const bytes = await readExactly(file, row.pointsOffset, row.pointCount * indexPointBytes, path);
  const points = decodeIndexPoints(bytes, row, seed);
  if (points === undefined) throw damaged(`the points at byte ${row.pointsOffset} in ${path} cannot be read`);
  const places = new Map<number, IndexPoint>(points.map((point) => [point.offset, point]));
  let entryCount = 0;
  let lastMs = row.firstMs;
  for await (const { bytes: frames, at, offset } of framesOfExtent(file, row, { seed, path })) {
    const storedMs = frameStoredMsAt(frames, at);
    if (decryptedBodyAt(frames, at, cipher) === undefined) {
      throw damaged(`the entry in ${path} at byte ${offset} cannot be decrypted with the directory's key`);
    }
    if (storedMs < lastMs) throw damaged(`times decrease in ${path} at byte ${offset}`);
    const point = places.get(offset);
    if (point !== undefined && point.storedMs !== storedMs) throw damaged(`a point of ${path} names another entry`);
    places.delete(offset);
    lastMs = storedMs;
    entryCount += 1;
  }
  if (places.size > 0) throw damaged(`a point of ${path} leads to no entry`);
  if (entryCount !== row.entryCount || lastMs !== row.lastMs) throw damaged(`a row of ${path} counts other entries`);
  assert(row.end > row.position, "an extent holds records");
}
