import { ExtentList } from "./extent-list.ts";
import { LogIndex, type WalAddress } from "./log-index.ts";
import type { PendingIndex } from "./pending-index.ts";

const nobody: readonly (() => void)[] = [];
/** Those of every log that has had no entry yet: most idle shards have not, and there may be many. Nothing is added to them. */
const noExtents: KnownExtents = new ExtentList();
const noIndex: KnownIndex = new LogIndex();

export type KnownExtents = Omit<ExtentList, "add" | "replace" | "dropBefore">;
export type KnownIndex = Omit<LogIndex, "add" | "dropThrough">;

/** One shard's log, as far as memory needs to know it. Positions are plain numbers inside this engine. */
export class LogState {
  readonly id: number;
  readonly streamId: string;
  readonly shardIndex: number;
  #extents: ExtentList | undefined;
  #index: LogIndex | undefined;
  #unindexed: PendingIndex | undefined;

  /** One past the last durable record. */
  tip = 1;
  /** One past the last record that extents and index cover; equals `tip` outside of recovery. */
  indexedEnd = 1;
  /** One past the last record that was given a position, durable or on its way. */
  nextPosition = 1;
  /** The last time given to an entry, durable or on its way. */
  lastStoredMs = 0;
  /** The time of the last durable entry. */
  durableStoredMs = 0;
  /** The operation that sealed it, once that is durable. */
  sealedBy: string | undefined;
  /** Resolves when a seal on its way is durable. */
  sealing: Promise<void> | undefined;
  /** Resolves when a drop on its way is durable. No appends and no readers from then on. */
  dropping: Promise<void> | undefined;
  /** 0: never told. */
  retentionMs = 0;
  /** Changes of the retention that are not durable yet. */
  retentionsOnTheirWay = 0;
  /** In recovery: what of it is not where it should be, which does not matter if it turns out to have been dropped. */
  gap: string | undefined;

  #waiters: readonly (() => void)[] = nobody;

  constructor(id: number, streamId: string, shardIndex: number) {
    this.id = id;
    this.streamId = streamId;
    this.shardIndex = shardIndex;
  }

  /** The past, in segments. */
  get extents(): KnownExtents {
    return this.#extents ?? noExtents;
  }

  /** To be changed. */
  get ownExtents(): ExtentList {
    this.#extents ??= new ExtentList();
    return this.#extents;
  }

  /** What the log's files hold; begins where the extents end. */
  get index(): KnownIndex {
    this.#unindexed?.index();
    return this.#index ?? noIndex;
  }

  /** From now on its entries are put there, with those of other logs, until somebody asks for an index. */
  shareUnindexed(unindexed: PendingIndex): void {
    this.#unindexed = unindexed;
  }

  /** The log's next entry in its files. `length` is that of the frame. */
  addEntry(position: number, address: WalAddress, length: number, storedMs: number): void {
    if (this.#unindexed === undefined) this.indexEntry(position, address, length, storedMs);
    else this.#unindexed.add(this.#ownIndex, position, address, length, storedMs);
  }

  /** The same, in the index at once. */
  indexEntry(position: number, address: WalAddress, length: number, storedMs: number): void {
    this.#ownIndex.add(position, address, length, storedMs);
  }

  get #ownIndex(): LogIndex {
    this.#index ??= new LogIndex();
    return this.#index;
  }

  /** Forgets entries in files up to a generation; after what is unindexed has forgotten them. */
  dropIndexed(generation: number): void {
    this.#index?.dropThrough(generation);
  }

  /** The first position that is still here; the tip if none is. */
  get oldest(): number {
    if (this.extents.count > 0) return this.extents.start;
    return this.index.count > 0 ? this.index.positionAt(0) : this.tip;
  }

  /** Calls back once, at the next change of what a reader can see. Returns how to take that back. */
  onChange(wake: () => void): () => void {
    this.#waiters = [...this.#waiters, wake];
    return () => {
      this.#waiters = this.#waiters.filter((waiter) => waiter !== wake);
    };
  }

  wake(): void {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = nobody;
    for (const waiter of waiters) waiter();
  }
}
