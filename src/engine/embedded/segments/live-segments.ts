import type { Manifest, ManifestSegment } from "../format/manifest.ts";
import { decodeRows, type SegmentRow } from "../format/segment-file.ts";
import type { LogLifecycleListener } from "../state/engine-state.ts";
import { type Extent, extentOf } from "../state/extent-list.ts";
import type { LogState } from "../state/log-state.ts";
import type { BuiltSegment } from "./segment-builder.ts";

export interface Segment extends ManifestSegment {
  /** Bytes of extents that still count. */
  readonly liveBytes: number;
  /** The latest time of any entry. */
  readonly lastMs: number;
  /** Whose segment it is; undefined for a shared one, or if none of its logs is left. */
  readonly streamId: string | undefined;
}

/** What one commit changes. */
export interface ManifestEdit {
  readonly flushedThrough?: number;
  readonly oldestGeneration?: number;
  readonly added?: readonly ManifestSegment[];
  readonly removed?: ReadonlySet<number>;
  /** From log id to its new start. */
  readonly starts?: ReadonlyMap<number, number>;
}

type Held = { -readonly [Key in keyof Segment]: Segment[Key] };

/** Those of most logs of a server with many: an array for each would be garbage at every start. */
const noExtents: readonly Extent[] = [];

/** The segments that count, and how much of each does. Hands logs their extents; the manifest is its shadow on disk. */
export class LiveSegments implements LogLifecycleListener {
  readonly #segments = new Map<number, Held>();
  /** Extents of logs that recovery has not met yet. */
  readonly #waiting = new Map<number, Extent[]>();
  #manifest: Manifest;
  #bytes = 0;
  #deadBytes = 0;

  /** `rows` has the rows of each segment that the manifest names. */
  constructor(manifest: Manifest, rows: ReadonlyMap<number, readonly SegmentRow[]>) {
    this.#manifest = manifest;
    for (const segment of manifest.segments) {
      this.#hold(segment);
      for (const row of rows.get(segment.id) ?? []) {
        const waiting = this.#waiting.get(row.logId) ?? [];
        this.#waiting.set(row.logId, waiting);
        waiting.push(extentOf(segment.id, row));
      }
    }
  }

  get manifest(): Manifest {
    return this.#manifest;
  }

  /** Of all segments on disk. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Ever since the start, of extents that ceased to count. Only grows. */
  get deadBytes(): number {
    return this.#deadBytes;
  }

  get segments(): Iterable<Segment> {
    return this.#segments.values();
  }

  get count(): number {
    return this.#segments.size;
  }

  /** Gives a log what recovery found of it, and notes it if that is not all from its start on. */
  attach(log: LogState): void {
    const start = this.#manifest.starts.get(log.id) ?? 1;
    const waiting = this.#waiting.get(log.id)?.filter(({ end }) => end > start);
    this.#waiting.delete(log.id);
    let next = start;
    for (const extent of waiting?.sort((left, right) => left.position - right.position) ?? noExtents) {
      if (extent.position !== next) {
        log.gap ??= `records ${next} to ${extent.position - 1} of shard ${log.shardIndex} of ${log.streamId} are missing`;
      }
      // Of a log that was dropped later on, segments in the middle may be gone already, and the others say nothing any more.
      if (log.gap === undefined) this.#give(log, extent);
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
    for (const extent of log.extents.all()) this.#kill(extent);
  }

  /** Once the log has been read: whoever has not come for his extents is gone for good. */
  forgetStrangers(): void {
    this.#waiting.clear();
  }

  /** The manifest that such a change would leave. Starts of logs that are gone are left out. */
  changed(change: ManifestEdit, isLiving: (logId: number) => boolean): Manifest {
    const { number, flushedThrough, oldestGeneration, segments, starts, nextSegmentId } = this.#manifest;
    const { added = [], removed = new Set<number>() } = change;
    const allStarts = [...starts, ...(change.starts ?? [])].filter(([logId]) => isLiving(logId));
    return {
      number: number + 1,
      flushedThrough: change.flushedThrough ?? flushedThrough,
      oldestGeneration: change.oldestGeneration ?? oldestGeneration,
      nextSegmentId: Math.max(nextSegmentId, ...added.map(({ id }) => id + 1)),
      segments: [...segments.filter(({ id }) => !removed.has(id)), ...added],
      starts: new Map(allStarts),
    };
  }

  /** A manifest that is on disk now. The caller moves the logs' extents in the same turn. */
  adopt(manifest: Manifest): void {
    this.#manifest = manifest;
    const named = new Set(manifest.segments.map(({ id }) => id));
    for (const [id, { fileLength }] of this.#segments) {
      if (named.has(id)) continue;
      this.#segments.delete(id);
      this.#bytes -= fileLength;
    }
    for (const segment of manifest.segments) if (!this.#segments.has(segment.id)) this.#hold(segment);
  }

  /** Entries that left the log's files: extents behind those that a log has. */
  take(built: readonly BuiltSegment[], logs: ReadonlyMap<number, LogState>): void {
    for (const [logId, extents] of extentsOf(built)) {
      const log = logs.get(logId);
      // Dropped while its entries were being written.
      if (log === undefined) continue;
      for (const extent of extents) this.#give(log, extent);
    }
  }

  /** Extents in place of those in segments that are gone. */
  exchange(built: readonly BuiltSegment[], replaced: ReadonlySet<number>, logs: ReadonlyMap<number, LogState>): void {
    for (const [logId, extents] of extentsOf(built)) {
      const log = logs.get(logId);
      if (log === undefined) continue;
      const kept = log.extents.all().filter(({ segmentId }) => !replaced.has(segmentId));
      log.ownExtents.replace([...kept, ...extents].sort((left, right) => left.position - right.position));
      for (const extent of extents) this.#count(log, extent);
    }
  }

  /** Forgets what lies before a log's new start. */
  trim(log: LogState, start: number): void {
    if (log.extents.count === 0) return;
    for (const extent of log.ownExtents.dropBefore(start)) this.#kill(extent);
  }

  #give(log: LogState, extent: Extent): void {
    log.ownExtents.add(extent);
    this.#count(log, extent);
  }

  #count(log: LogState, { segmentId, length, lastMs }: Extent): void {
    const segment = this.#segments.get(segmentId);
    if (segment === undefined) return;
    segment.liveBytes += length;
    segment.lastMs = Math.max(segment.lastMs, lastMs);
    if (!segment.isShared) segment.streamId = log.streamId;
  }

  #kill({ segmentId, length }: Extent): void {
    this.#deadBytes += length;
    const segment = this.#segments.get(segmentId);
    if (segment !== undefined) segment.liveBytes -= length;
  }

  #hold(segment: ManifestSegment): void {
    this.#segments.set(segment.id, { ...segment, liveBytes: 0, lastMs: 0, streamId: undefined });
    this.#bytes += segment.fileLength;
  }
}

/** Of a directory that has not sealed anything yet. */
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
