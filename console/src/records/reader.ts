import type { GetRecordsOutput } from "../api/shapes.ts";
import { compareRecords, recordsFrom, type StreamRecord } from "./record.ts";

/** Where reading begins. */
export type StartAt =
  | { readonly kind: "oldest" }
  | { readonly kind: "time"; readonly timeMs: number }
  | { readonly kind: "sequence"; readonly shardId: string; readonly sequenceNumber: string };

/** `reading`: there is more before the tip. `full`: as many were read as asked for. `live`: all at the tip. */
export type ReaderState = "reading" | "full" | "live" | "paused" | "ended";

export interface ReaderSources {
  /** Calls the Kinesis API. */
  readonly call: <Output>(operation: string, input: object, signal: AbortSignal) => Promise<Output>;
  /** Indexes of shards that have stored records, as it happens. */
  readonly news: (signal: AbortSignal) => AsyncIterable<readonly number[]>;
  readonly shardIdOf: (index: number) => string;
  readonly nowMs: () => number;
}

export interface ReaderOptions {
  readonly stream: string;
  /** The shards to read. New ones are added when they store records, unless `only` is set. */
  readonly shardIds: readonly string[];
  readonly only?: boolean;
  readonly start: StartAt;
  /** Records to read before the reader is `full`. */
  readonly backlogMax: number;
  readonly onRecords: (records: readonly StreamRecord[]) => void;
  readonly onState: (state: ReaderState) => void;
  /** Undefined when it is over. */
  readonly onFault: (error: unknown) => void;
}

interface Cursor {
  readonly shardId: string;
  start: object;
  iterator?: string;
  /** Arrival of the last record that was read: the shard that is furthest behind is read first. */
  readToMs: number;
  isAtTip: boolean;
  isReading: boolean;
  /** Something may have been stored since the last read. */
  isDue: boolean;
  notBeforeMs: number;
}

/** Browsers open six connections to a server with HTTP/1.1: one is for the news, one for the rest of the page. */
const readsAtOnce = 4;
/** Records of one read; fewer when there are many shards, because each may wait for all others. */
const pageRecordsMax = 1_000;
const pageRecordsMin = 10;
const heldRecordsMax = 60_000;
const throttledWaitMs = 250;
const failedWaitMs = 1_000;
/** Every so often some shards are read even without news, which another server of the same data does not send. */
const sweepMs = 2_000;
const sweptAtOnce = 16;

/**
 * Reads the records of many shards in the order of their arrival, as far as this can be known: always of the shard that is
 * furthest behind. At the tip it waits for news and follows.
 */
export class RecordReader {
  readonly #options: ReaderOptions;
  readonly #sources: ReaderSources;
  readonly #cursors = new Map<string, Cursor>();
  readonly #closing = new AbortController();
  #following: AbortController | undefined;
  #backlog: number;
  /** Records that arrived after the time up to which all shards are read: older ones of other shards may be missing. */
  #held: StreamRecord[] = [];
  #active = 0;
  #state: ReaderState = "reading";
  #isPaused = false;
  #isSuspended = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sweepAt = 0;

  constructor(options: ReaderOptions, sources: ReaderSources) {
    this.#options = options;
    this.#sources = sources;
    this.#backlog = options.backlogMax;
    for (const shardId of options.shardIds) this.#add(shardId, startOf(options.start));
  }

  get state(): ReaderState {
    return this.#state;
  }

  /** The time up to which every shard is read; infinite at the tip. */
  get completeToMs(): number {
    let time = Number.POSITIVE_INFINITY;
    for (const { isAtTip, readToMs } of this.#cursors.values()) if (!isAtTip) time = Math.min(time, readToMs);
    return time;
  }

  start(): void {
    this.#follow();
    this.#pump();
  }

  /** Reads another backlog. */
  more(): void {
    this.#backlog = this.#options.backlogMax;
    this.#pump();
  }

  pause(): void {
    this.#isPaused = true;
    this.#following?.abort();
    this.#report();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    for (const cursor of this.#cursors.values()) cursor.isDue = true;
    this.#follow();
    this.#pump();
  }

  /** The page is not visible: as a pause, which `wake()` ends unless a person paused before. */
  suspend(): void {
    if (this.#isPaused) return;
    this.#isSuspended = true;
    this.pause();
  }

  wake(): void {
    if (!this.#isSuspended) return;
    this.#isSuspended = false;
    this.resume();
  }

  close(): void {
    this.#closing.abort();
    this.#following?.abort();
    clearTimeout(this.#timer);
  }

  #add(shardId: string, start: object): Cursor {
    const cursor: Cursor = {
      ...{ shardId, start, readToMs: 0, isAtTip: false, isReading: false, isDue: true, notBeforeMs: 0 },
    };
    this.#cursors.set(shardId, cursor);
    return cursor;
  }

  #follow(): void {
    const following = new AbortController();
    this.#following = following;
    const signal = AbortSignal.any([following.signal, this.#closing.signal]);
    void this.#listen(signal);
    void this.#sweep(signal);
  }

  async #listen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const indexes of this.#sources.news(signal)) this.#hear(indexes);
      } catch {
        // The sweep reads until there are news again.
      }
      await wait(failedWaitMs, signal);
    }
  }

  #hear(indexes: readonly number[]): void {
    for (const index of indexes) {
      const shardId = this.#sources.shardIdOf(index);
      const cursor = this.#cursors.get(shardId);
      if (cursor !== undefined) cursor.isDue = true;
      else if (this.#options.only !== true) this.#add(shardId, startOf(this.#options.start));
    }
    this.#pump();
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    for (;;) {
      await wait(sweepMs, signal);
      if (signal.aborted) return;
      const cursors = [...this.#cursors.values()];
      for (let i = 0; i < Math.min(sweptAtOnce, cursors.length); i++) {
        const cursor = cursors[this.#sweepAt++ % cursors.length];
        if (cursor?.isAtTip === true) cursor.isDue = true;
      }
      this.#pump();
    }
  }

  /** Begins as many reads as may run at once. */
  #pump(): void {
    while (!this.#closing.signal.aborted && !this.#isPaused && this.#active < readsAtOnce) {
      const next = this.#next();
      if (next === undefined) break;
      void this.#read(next);
    }
    this.#report();
  }

  #next(): Cursor | undefined {
    const nowMs = performance.now();
    let found: Cursor | undefined;
    let waitMs = Number.POSITIVE_INFINITY;
    for (const cursor of this.#cursors.values()) {
      if (cursor.isReading || !cursor.isDue || (!cursor.isAtTip && this.#backlog <= 0)) continue;
      if (cursor.notBeforeMs > nowMs) waitMs = Math.min(waitMs, cursor.notBeforeMs - nowMs);
      else if (found === undefined || cursor.readToMs < found.readToMs) found = cursor;
    }
    if (found === undefined && waitMs !== Number.POSITIVE_INFINITY) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#pump(), waitMs);
    }
    return found;
  }

  async #read(cursor: Cursor): Promise<void> {
    cursor.isReading = true;
    cursor.isDue = false;
    this.#active++;
    try {
      await this.#readPage(cursor);
      this.#options.onFault(undefined);
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#fail(cursor, error);
    } finally {
      cursor.isReading = false;
      this.#active--;
      if (!this.#closing.signal.aborted) this.#pump();
    }
  }

  async #readPage(cursor: Cursor): Promise<void> {
    const { signal } = this.#closing;
    const iterator = cursor.iterator ?? (await this.#iteratorOf(cursor));
    const share = Math.floor(heldRecordsMax / this.#cursors.size);
    const Limit = Math.max(pageRecordsMin, Math.min(pageRecordsMax, share));
    const input = { ShardIterator: iterator, Limit };
    const page = await this.#sources.call<GetRecordsOutput>("GetRecords", input, signal);
    const wasAtTip = cursor.isAtTip;
    this.#advance(cursor, page);
    if (signal.aborted) return;
    const records = recordsFrom(cursor.shardId, page.Records);
    if (wasAtTip && this.#held.length === 0 && records.length > 0) this.#options.onRecords(records);
    else this.#release(records);
  }

  /** Hands on what is complete: records up to the time to which every shard is read. */
  #release(records: readonly StreamRecord[]): void {
    for (const record of records) this.#held.push(record);
    const completeToMs = this.completeToMs;
    const isFull = this.#held.length > heldRecordsMax;
    const complete = isFull ? this.#held : this.#held.filter(({ arrivalMs }) => arrivalMs <= completeToMs);
    if (complete.length === 0) return;
    this.#held = isFull ? [] : this.#held.filter(({ arrivalMs }) => arrivalMs > completeToMs);
    this.#backlog -= complete.length;
    this.#options.onRecords(complete.toSorted(compareRecords));
  }

  async #iteratorOf({ shardId: ShardId, start }: Cursor): Promise<string> {
    const place = { StreamName: this.#options.stream, ShardId, ...start };
    const { signal } = this.#closing;
    return (await this.#sources.call<{ ShardIterator: string }>("GetShardIterator", place, signal)).ShardIterator;
  }

  #advance(cursor: Cursor, page: GetRecordsOutput): void {
    const last = page.Records.at(-1);
    cursor.isAtTip = page.MillisBehindLatest === 0;
    cursor.readToMs = last === undefined ? this.#sources.nowMs() : last.ApproximateArrivalTimestamp * 1000;
    if (last !== undefined) {
      cursor.start = { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: last.SequenceNumber };
    }
    if (page.NextShardIterator === undefined) {
      this.#end(cursor, page);
      return;
    }
    cursor.iterator = page.NextShardIterator;
    if (!cursor.isAtTip) cursor.isDue = true;
  }

  /** The shard is closed and read to its end: its children follow. */
  #end({ shardId, readToMs }: Cursor, { ChildShards = [] }: GetRecordsOutput): void {
    this.#cursors.delete(shardId);
    if (this.#options.only === true) return;
    for (const child of ChildShards) {
      if (this.#cursors.has(child.ShardId)) continue;
      // Nothing of a child is older than the end of its parent.
      this.#add(child.ShardId, { ShardIteratorType: "TRIM_HORIZON" }).readToMs = readToMs;
    }
  }

  #fail(cursor: Cursor, error: unknown): void {
    const type = error instanceof Error && "type" in error ? String(error.type) : "";
    cursor.isDue = true;
    if (type === "ExpiredIteratorException") {
      delete cursor.iterator;
    } else if (type === "ProvisionedThroughputExceededException" || type === "LimitExceededException") {
      cursor.notBeforeMs = performance.now() + throttledWaitMs;
    } else {
      cursor.notBeforeMs = performance.now() + failedWaitMs;
      delete cursor.iterator;
      // A shard may have expired, and then it is none of the stream any more.
      if (type === "ResourceNotFoundException" && this.#cursors.size > 1) this.#cursors.delete(cursor.shardId);
      else this.#options.onFault(error);
    }
  }

  #report(): void {
    const state = this.#stateNow();
    if (state === this.#state) return;
    this.#state = state;
    this.#options.onState(state);
  }

  #stateNow(): ReaderState {
    if (this.#isPaused) return "paused";
    if (this.#cursors.size === 0 && this.#options.only === true) return "ended";
    for (const { isAtTip } of this.#cursors.values()) if (!isAtTip) return this.#backlog > 0 ? "reading" : "full";
    // From now on the reader follows, also when it falls behind for a while.
    this.#backlog = Number.POSITIVE_INFINITY;
    return "live";
  }
}

function startOf(start: StartAt): object {
  switch (start.kind) {
    case "oldest":
      return { ShardIteratorType: "TRIM_HORIZON" };
    case "time":
      return { ShardIteratorType: "AT_TIMESTAMP", Timestamp: start.timeMs / 1000 };
    case "sequence":
      return { ShardIteratorType: "AT_SEQUENCE_NUMBER", StartingSequenceNumber: start.sequenceNumber };
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
