import type { Manifest, ManifestSegment } from "../format/manifest.ts";
import { decodeRows, type SegmentRow } from "../format/segment-file.ts";
import type { LogLifecycleListener } from "../state/engine-state.ts";
import { type Extent, extentOf } from "../state/extent-list.ts";
import type { LogState } from "../state/log-state.ts";
import type { BuiltSegment } from "./segment-builder.ts";

export interface Segment extends ManifestSegment {
  /** Bytes of live extents. */
  readonly liveBytes: number;
  /** The latest `storedMs` of any entry. */
  readonly lastMs: number;
  /** The stream whose entries it contains; undefined for a shared one, or if none of its logs exists. */
  readonly streamId: string | undefined;
}

/** A change of the manifest. */
export interface ManifestEdit {
  readonly flushedThrough?: number;
  readonly oldestGeneration?: number;
  readonly added?: readonly ManifestSegment[];
  readonly removed?: ReadonlySet<number>;
  /** Log id to its new start. */
  readonly starts?: ReadonlyMap<number, number>;
}

type MutableSegment = { -readonly [Key in keyof Segment]: Segment[Key] };

/** Shared by all logs without extents. */
const noExtents: readonly Extent[] = [];

/** The segments that the manifest names, with the live bytes of each. Gives logs their extents. */
export class LiveSegments implements LogLifecycleListener {
  readonly #segments = new Map<number, MutableSegment>();
  /** Log id to extents, until recovery attaches the log. */
  readonly #unclaimed = new Map<number, Extent[]>();
  #manifest: Manifest;
  #bytes = 0;
  #deadBytes = 0;

  /** `rows` has the rows of each segment that the manifest names. */
  constructor(manifest: Manifest, rows: ReadonlyMap<number, readonly SegmentRow[]>) {
    this.#manifest = manifest;
    for (const segment of manifest.segments) {
      this.#addSegment(segment);
      for (const row of rows.get(segment.id) ?? []) {
        const extents = this.#unclaimed.get(row.logId) ?? [];
        this.#unclaimed.set(row.logId, extents);
        extents.push(extentOf(segment.id, row));
      }
    }
  }

  get manifest(): Manifest {
    return this.#manifest;
  }

  /** Bytes of all segments on disk. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of extents that died since the engine was opened; only grows. */
  get deadBytes(): number {
    return this.#deadBytes;
  }

  get segments(): Iterable<Segment> {
    return this.#segments.values();
  }

  get count(): number {
    return this.#segments.size;
  }

  /** Gives a log its extents. Sets `gap` if they do not cover all positions from its start on. */
  attach(log: LogState): void {
    const start = this.#manifest.starts.get(log.id) ?? 1;
    const extents = this.#unclaimed.get(log.id)?.filter(({ end }) => end > start);
    this.#unclaimed.delete(log.id);
    let next = start;
    for (const extent of extents?.sort((left, right) => left.position - right.position) ?? noExtents) {
      if (extent.position !== next) {
        log.gap ??= `records ${next} to ${extent.position - 1} of shard ${log.shardIndex} of ${log.streamId} are missing`;
      }
      // A log that a later frame drops may have lost segments in the middle: then its other extents are useless.
      if (log.gap === undefined) this.#addExtent(log, extent);
      next = extent.end;
    }
    log.indexedEnd = Math.max(log.indexedEnd, next);
    log.tip = Math.max(log.tip, next);
    log.nextPosition = Math.max(log.nextPosition, next);
    const lastMs = log.extents.count === 0 ? 0 : log.extents.at(log.extents.count - 1).lastMs;
    log.durableStoredMs = Math.max(log.durableStoredMs, lastMs);
    log.lastStoredMs = Math.max(log.lastStoredMs, lastMs);
  }

  detach(log: LogState): void {
    for (const extent of log.extents.all()) this.#markDead(extent);
  }

  /** Discards extents of logs that recovery did not find. Call it when the WAL has been read. */
  discardUnclaimed(): void {
    this.#unclaimed.clear();
  }

  /** The manifest after a change, without the starts of logs that do not exist. */
  nextManifest(change: ManifestEdit, exists: (logId: number) => boolean): Manifest {
    const { number, flushedThrough, oldestGeneration, segments, starts, nextSegmentId } = this.#manifest;
    const { added = [], removed = new Set<number>() } = change;
    const allStarts = [...starts, ...(change.starts ?? [])].filter(([logId]) => exists(logId));
    return {
      number: number + 1,
      flushedThrough: change.flushedThrough ?? flushedThrough,
      oldestGeneration: change.oldestGeneration ?? oldestGeneration,
      nextSegmentId: Math.max(nextSegmentId, ...added.map(({ id }) => id + 1)),
      segments: [...segments.filter(({ id }) => !removed.has(id)), ...added],
      starts: new Map(allStarts),
    };
  }

  /** Takes over a manifest that is on disk. The caller updates the extents of the logs before the next `await`. */
  adopt(manifest: Manifest): void {
    this.#manifest = manifest;
    const named = new Set(manifest.segments.map(({ id }) => id));
    for (const [id, { fileLength }] of this.#segments) {
      if (named.has(id)) continue;
      this.#segments.delete(id);
      this.#bytes -= fileLength;
    }
    for (const segment of manifest.segments) if (!this.#segments.has(segment.id)) this.#addSegment(segment);
  }

  /** Adds the extents of flushed entries behind those that their logs have. */
  addFlushed(built: readonly BuiltSegment[], logs: ReadonlyMap<number, LogState>): void {
    for (const [logId, extents] of extentsOf(built)) {
      const log = logs.get(logId);
      // The log was dropped during the flush.
      if (log === undefined) continue;
      for (const extent of extents) this.#addExtent(log, extent);
    }
  }

  /** Replaces extents in the segments that a compaction replaced. */
  replaceCompacted(
    built: readonly BuiltSegment[],
    replaced: ReadonlySet<number>,
    logs: ReadonlyMap<number, LogState>,
  ): void {
    for (const [logId, extents] of extentsOf(built)) {
      const log = logs.get(logId);
      if (log === undefined) continue;
      const kept = log.extents.all().filter(({ segmentId }) => !replaced.has(segmentId));
      log.mutableExtents.replace([...kept, ...extents].sort((left, right) => left.position - right.position));
      for (const extent of extents) this.#countLive(log, extent);
    }
  }

  /** Removes extents before a log's new start. */
  trim(log: LogState, start: number): void {
    if (log.extents.count === 0) return;
    for (const extent of log.mutableExtents.dropBefore(start)) this.#markDead(extent);
  }

  #addExtent(log: LogState, extent: Extent): void {
    log.mutableExtents.add(extent);
    this.#countLive(log, extent);
  }

  #countLive(log: LogState, { segmentId, length, lastMs }: Extent): void {
    const segment = this.#segments.get(segmentId);
    if (segment === undefined) return;
    segment.liveBytes += length;
    segment.lastMs = Math.max(segment.lastMs, lastMs);
    if (!segment.isShared) segment.streamId = log.streamId;
  }

  #markDead({ segmentId, length }: Extent): void {
    this.#deadBytes += length;
    const segment = this.#segments.get(segmentId);
    if (segment !== undefined) segment.liveBytes -= length;
  }

  #addSegment(segment: ManifestSegment): void {
    this.#segments.set(segment.id, { ...segment, liveBytes: 0, lastMs: 0, streamId: undefined });
    this.#bytes += segment.fileLength;
  }
}

/** The manifest of a directory without segments. */
export function firstManifest(oldestGeneration: number): Manifest {
  return { number: 0, flushedThrough: 0, oldestGeneration, nextSegmentId: 1, segments: [], starts: new Map() };
}

function extentsOf(built: readonly BuiltSegment[]): ReadonlyMap<number, readonly Extent[]> {
  const extents = new Map<number, Extent[]>();
  for (const { id, rows } of built) {
    for (const row of decodeRows(Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength))) {
      const ofLog = extents.get(row.logId) ?? [];
      extents.set(row.logId, ofLog);
      ofLog.push(extentOf(id, row));
    }
  }
  return extents;
}
