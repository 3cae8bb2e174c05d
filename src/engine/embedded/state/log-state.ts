import { ExtentList } from "./extent-list.ts";
import type { StreamByteCounts } from "./stored-byte-counts.ts";
import type { UnindexedEntries } from "./unindexed-entries.ts";
import { type WalAddress, WalIndex } from "./wal-index.ts";

const noWaiters: readonly (() => void)[] = [];
/** Shared by all logs without entries, to save the memory of idle shards; never changed. */
const noExtents: ReadonlyExtents = new ExtentList();
const noIndex: ReadonlyIndex = new WalIndex();

export type ReadonlyExtents = Omit<ExtentList, "add" | "replace" | "dropBefore">;
export type ReadonlyIndex = Omit<WalIndex, "add" | "dropThrough">;

/** What memory holds of one shard log. Positions are plain numbers inside this engine. */
export class LogState {
  readonly id: number;
  readonly streamId: string;
  readonly shardIndex: number;
  /** Those of its stream; set when the log is added to the state, and not when it is dropped. */
  counts: StreamByteCounts | undefined;
  #extents: ExtentList | undefined;
  #index: WalIndex | undefined;
  #unindexedEntries: UnindexedEntries | undefined;

  /** One past the last durable record. */
  tip = 1;
  /** One past the last record in extents and index; equals `tip` except during recovery. */
  indexedEnd = 1;
  /** One past the last record with a position, durable or in flight. */
  nextPosition = 1;
  /** `storedMs` of the last entry, durable or in flight. */
  lastStoredMs = 0;
  /** `storedMs` of the last durable entry. */
  durableStoredMs = 0;
  /** The id of the operation that sealed the log, once the seal is durable. */
  sealedBy: string | undefined;
  /** Resolves when the seal in flight is durable. */
  pendingSeal: Promise<void> | undefined;
  /** Resolves when the drop in flight is durable. While it is set the log takes no appends and no reads. */
  pendingDrop: Promise<void> | undefined;
  /** 0: never set. */
  retentionMs = 0;
  /** Changes of the retention in flight. */
  pendingRetentionCount = 0;
  /** Appends with a lower settings epoch are fenced. In memory alone. */
  settingsEpoch = 0;
  /** Set in recovery: which records are missing. No damage if a later frame drops the log. */
  gap: string | undefined;

  #waiters: readonly (() => void)[] = noWaiters;

  constructor(id: number, streamId: string, shardIndex: number) {
    this.id = id;
    this.streamId = streamId;
    this.shardIndex = shardIndex;
  }

  /** Entries in segments. */
  get extents(): ReadonlyExtents {
    return this.#extents ?? noExtents;
  }

  /** For changes; made at the first one. */
  get mutableExtents(): ExtentList {
    this.#extents ??= new ExtentList(this.counts);
    return this.#extents;
  }

  /** Entries in WAL files; begins where the extents end. */
  get index(): ReadonlyIndex {
    this.#unindexedEntries?.index();
    return this.#index ?? noIndex;
  }

  /** Makes `addEntry()` add to a list that is shared with other logs and indexed at the first use of an index. */
  useUnindexedEntries(unindexedEntries: UnindexedEntries): void {
    this.#unindexedEntries = unindexedEntries;
  }

  /** Adds the next entry of the WAL. `length` is that of its frame. */
  addEntry(position: number, address: WalAddress, length: number, storedMs: number): void {
    if (this.#unindexedEntries === undefined) this.indexEntry(position, address, length, storedMs);
    else this.#unindexedEntries.add(this.#ownIndex, position, address, length, storedMs);
  }

  /** Adds the next entry of the WAL to the index at once. */
  indexEntry(position: number, address: WalAddress, length: number, storedMs: number): void {
    this.#ownIndex.add(position, address, length, storedMs);
  }

  get #ownIndex(): WalIndex {
    this.#index ??= new WalIndex(this.counts);
    return this.#index;
  }

  /** Removes entries in WAL files up to a generation; call it after `UnindexedEntries.dropThrough()`. */
  dropIndexThrough(generation: number): void {
    this.#index?.dropThrough(generation);
  }

  /** The first position that can be read; the tip if there is none. */
  get oldest(): number {
    if (this.extents.count > 0) return this.extents.start;
    return this.index.count > 0 ? this.index.positionAt(0) : this.tip;
  }

  /** Calls `wake` once, at the next change that a reader can see. Returns a function that cancels it. */
  onChange(wake: () => void): () => void {
    this.#waiters = [...this.#waiters, wake];
    return () => {
      this.#waiters = this.#waiters.filter((waiter) => waiter !== wake);
    };
  }

  wake(): void {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = noWaiters;
    for (const waiter of waiters) waiter();
  }
}
