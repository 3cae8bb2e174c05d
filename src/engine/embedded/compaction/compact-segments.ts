import { type SegmentRow, segmentFileName } from "../format/segment-file.ts";
import type { DiskFile } from "../io/disk.ts";
import { framesOfExtent, loadSegment } from "../segments/load-segment.ts";
import { SegmentBuilder } from "../segments/segment-builder.ts";
import type { CompactionResult, CompactSegmentsJob } from "./compaction-job.ts";
import type { JobContext } from "./job-memory.ts";

interface SourceExtent {
  readonly segmentId: number;
  readonly row: SegmentRow;
}

/** Writes the extents that still count of some segments into one new segment. Extents of a log that follow each other join. */
export async function compactSegments(
  { disk, identity, memory }: JobContext,
  job: CompactSegmentsJob,
): Promise<CompactionResult> {
  const { segmentDirectory: directory, isDirect, isShared, madeMs, nextSegmentId: id } = job;
  const extents = await readLiveExtents({ disk, identity, memory }, job);
  const files = new Map<number, DiskFile>();
  const options = { disk, directory, isDirect, identity, id, isShared, madeMs, memory: memory.forBuilder() };
  const builder = await SegmentBuilder.create(options);
  try {
    for (const { segmentId, row } of extents) {
      const name = segmentFileName(segmentId);
      const file = files.get(segmentId) ?? (await disk.open(`${directory}/${name}`, "read"));
      files.set(segmentId, file);
      for await (const { bytes, at, span } of framesOfExtent(file, row, {
        seed: identity.seed,
        path: `segments/${name}`,
      })) {
        await builder.add(row.logId, bytes, at, span);
      }
    }
    const built = await builder.finish();
    await disk.syncDirectory(directory);
    return { built: [built], starts: new Float64Array() };
  } catch (error) {
    await builder.abandon();
    throw error;
  } finally {
    for (const file of files.values()) await file.close();
  }
}

/** In the order of log ids and positions. */
async function readLiveExtents(
  { disk, identity }: JobContext,
  job: CompactSegmentsJob,
): Promise<readonly SourceExtent[]> {
  const starts = new Map<number, number>();
  for (let at = 0; at < job.logs.length; at += 2) starts.set(job.logs[at] ?? 0, job.logs[at + 1] ?? 0);
  const extents: SourceExtent[] = [];
  for (const source of job.sources) {
    const { rows } = await loadSegment(disk, job.segmentDirectory, source, identity);
    // A log that is not among the job's has been dropped.
    const live = rows.filter(({ logId, end }) => end > (starts.get(logId) ?? Number.POSITIVE_INFINITY));
    extents.push(...live.map((row) => ({ segmentId: source.id, row })));
  }
  return extents.sort((left, right) => left.row.logId - right.row.logId || left.row.position - right.row.position);
}
