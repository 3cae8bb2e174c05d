/** What a stream has on the disk, and the memory of its indexes. */
export class StreamByteCounts {
  readonly streamId: string;
  /** Live extents. */
  segmentBytes = 0;
  /** Memory of the extents and indexes of all its logs. */
  indexBytes = 0;
  /** Frames in WAL files, those of dropped logs included. */
  #walBytes = 0;
  /** The newest generation with frames of the stream, and its bytes: those of nearly every call of `addWal()`. */
  #newest = 0;
  #newestBytes = 0;
  readonly #olderBytes = new Map<number, number>();

  constructor(streamId: string) {
    this.streamId = streamId;
  }

  get bytes(): number {
    return this.segmentBytes + this.#walBytes;
  }

  /** A frame of `length` bytes was written to the WAL file of a generation, which no earlier call exceeded. */
  addWal(generation: number, length: number): void {
    if (generation !== this.#newest) {
      if (this.#newestBytes > 0) this.#olderBytes.set(this.#newest, this.#newestBytes);
      this.#newest = generation;
      this.#newestBytes = 0;
    }
    this.#newestBytes += length;
    this.#walBytes += length;
  }

  /** WAL files up to a generation are gone. */
  dropWalThrough(generation: number): void {
    for (const [older, bytes] of this.#olderBytes) {
      if (older > generation) continue;
      this.#olderBytes.delete(older);
      this.#walBytes -= bytes;
    }
    if (this.#newest > generation) return;
    this.#walBytes -= this.#newestBytes;
    this.#newestBytes = 0;
  }
}

/** Bytes by stream, counted as entries come and go: a look at them costs as much as there are streams. */
export class StoredByteCounts {
  readonly #streams = new Map<string, StreamByteCounts>();

  /** The counts of a stream, made at the first call. */
  of(streamId: string): StreamByteCounts {
    const counts = this.#streams.get(streamId) ?? new StreamByteCounts(streamId);
    this.#streams.set(streamId, counts);
    return counts;
  }

  /** All streams that have bytes or logs. */
  all(): Iterable<StreamByteCounts> {
    return this.#streams.values();
  }

  /** WAL files up to a generation are gone. Forgets streams without bytes unless `hasLogs` says that they have logs. */
  dropWalThrough(generation: number, hasLogs: (streamId: string) => boolean): void {
    for (const [streamId, counts] of this.#streams) {
      counts.dropWalThrough(generation);
      if (counts.bytes === 0 && !hasLogs(streamId)) this.#streams.delete(streamId);
    }
  }
}
