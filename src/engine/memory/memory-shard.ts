import { lowerBound } from "../../collections/lower-bound.ts";
import { ChangeNotifier } from "../change-notifier.ts";
import type { Entry, Position, ReadLimit, ReadResult, SeekTarget, StoredEntry } from "../shard-log.ts";
import { chunkBytesFor, chunkBytesStep, MemoryChunk } from "./memory-chunk.ts";

/** Bytes of a shard's first chunk. Each later one doubles what the shard holds, so that idle shards take little memory. */
const chunkBytesMin = 4 * 1024;
const chunkBytesMax = 4 * 1024 * 1024;

/** The entries of one shard, in chunks, the oldest first. Positions are far below 2^53, so they are plain numbers here. */
export class MemoryShard {
  readonly changed = new ChangeNotifier();
  /** Entries stored longer ago than this may be freed. */
  retentionMs: number;
  /** The number of the last append call that named this shard; see `MemoryShardLog`. */
  callLast = 0;
  #chunks: MemoryChunk[] = [];
  #byteLength = 0;
  #positionNext = 1;
  #storedMsLast = 0;
  #sealed = false;
  #settingsEpoch = 0;

  constructor(retentionMs: number) {
    this.retentionMs = retentionMs;
  }

  get sealed(): boolean {
    return this.#sealed;
  }

  /** Whether an append with this settings epoch may be stored. */
  takes(settingsEpoch: number): boolean {
    return !this.#sealed && settingsEpoch >= this.#settingsEpoch;
  }

  /** Bytes of its chunks, the free end of the last one included. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** One past the last record. */
  get tip(): Position {
    return BigInt(this.#positionNext);
  }

  fitsLastChunk(bodyBytes: number): boolean {
    return this.#chunks.at(-1)?.fits(bodyBytes) === true;
  }

  /** Returns the position of the first record. `spareBytes` bounds the free end of a new chunk. */
  append(entry: Entry, nowMs: number, spareBytes: number): Position {
    const position = this.#positionNext;
    this.#storedMsLast = Math.max(nowMs, entry.timeMs, this.#storedMsLast);
    this.#chunkFor(entry.body.length, spareBytes).append(entry, this.#storedMsLast);
    this.#positionNext += entry.count;
    return BigInt(position);
  }

  #chunkFor(bodyBytes: number, spareBytes: number): MemoryChunk {
    const last = this.#chunks.at(-1);
    if (last?.fits(bodyBytes) === true) return last;
    const exact = chunkBytesFor(bodyBytes);
    const wished = Math.min(Math.max(this.#byteLength, chunkBytesMin), chunkBytesMax);
    const surplus = Math.min(Math.max(0, wished - exact), spareBytes);
    const chunk = new MemoryChunk(exact + surplus - (surplus % chunkBytesStep), this.#positionNext);
    this.#chunks.push(chunk);
    this.#byteLength += chunk.byteLength;
    return chunk;
  }

  read(from: Position, limit: ReadLimit): ReadResult {
    const tip = this.tip;
    const entries: StoredEntry[] = [];
    if (from >= tip) return { entries, next: from, tip };
    const position = Math.max(Number(from), this.#positionOldest());
    let chunkIndex = this.#countChunksWhile(({ positionNext }) => positionNext <= position);
    let chunk = this.#chunks[chunkIndex];
    let index = chunk?.indexContaining(position) ?? 0;
    const recordsEnd = position + (limit.recordsMax ?? Number.POSITIVE_INFINITY);
    let next = this.#positionNext;
    for (let bytes = 0; chunk !== undefined; index++) {
      if (index === chunk.entryCount) {
        chunkIndex += 1;
        chunk = this.#chunks[chunkIndex];
        index = -1;
        continue;
      }
      bytes += chunk.bodyBytesOf(index);
      const isFull =
        entries.length >= limit.entriesMax || bytes > limit.bytesMax || chunk.positionOf(index) >= recordsEnd;
      if (isFull && entries.length > 0) {
        next = chunk.positionOf(index);
        break;
      }
      entries.push(chunk.entryAt(index));
    }
    return { entries, next: BigInt(next), tip };
  }

  seek(target: SeekTarget): Position {
    if (target.at === "newest" || target.at === "known") return this.tip;
    if (target.at === "oldest") return BigInt(this.#positionOldest());
    if (target.at === "last") return BigInt(Math.max(this.#positionOldest(), this.#positionNext - 1));
    const { timeMs } = target;
    const chunk = this.#chunks[this.#countChunksWhile(({ storedMsLast }) => storedMsLast < timeMs)];
    return chunk === undefined ? this.tip : BigInt(chunk.positionOf(chunk.indexStoredFrom(timeMs)));
  }

  seal(): Position {
    this.#sealed = true;
    this.changed.notify();
    return this.tip;
  }

  /** Returns the settings epoch from now on. */
  fenceBefore(settingsEpoch: number): number {
    this.#settingsEpoch = Math.max(this.#settingsEpoch, settingsEpoch);
    return this.#settingsEpoch;
  }

  /** The time in ms after which the oldest chunk may be freed; Infinity without a chunk. */
  releaseMs(): number {
    const oldest = this.#chunks[0];
    return oldest === undefined ? Number.POSITIVE_INFINITY : oldest.storedMsLast + this.retentionMs;
  }

  /** Frees the chunks whose entries have all expired. Returns their bytes. */
  release(nowMs: number): number {
    const bytesBefore = this.#byteLength;
    while (this.releaseMs() < nowMs) this.#byteLength -= this.#chunks.shift()?.byteLength ?? 0;
    return bytesBefore - this.#byteLength;
  }

  #positionOldest(): number {
    return this.#chunks[0]?.positionOf(0) ?? this.#positionNext;
  }

  /** Index of the first chunk that is not below; the chunk count if there is none. */
  #countChunksWhile(isBelow: (chunk: MemoryChunk) => boolean): number {
    const chunks = this.#chunks;
    return lowerBound(0, chunks.length, (index) => isBelow(chunks[index] as MemoryChunk));
  }
}
