import type { DocumentStore, VersionedDocument, WatchEvent } from "../../../src/engine/document-store.ts";
import type { Engine, EngineHealth, EngineLimits } from "../../../src/engine/engine.ts";
import { EngineError } from "../../../src/engine/engine-error.ts";
import type {
  Append,
  AppendBatch,
  AppendOutcome,
  FollowOptions,
  PlacementHint,
  Position,
  ReadLimit,
  ReadResult,
  SeekTarget,
  ShardLog,
  ShardRef,
  StoredEntry,
} from "../../../src/engine/shard-log.ts";

/** Whether the call at which the engine stops is still carried out; it returns an error in either case. */
export type StopSide = "before" | "after";

/**
 * An engine as a process uses it that stops at a call: earlier calls are carried out, this one is or is not, and all later
 * ones fail. The engine behind it survives.
 */
export class StoppingEngine implements Engine {
  readonly name: string;
  readonly multiGateway: boolean;
  readonly densePositions: boolean;
  readonly limits: EngineLimits;
  readonly log: ShardLog;
  readonly documents: DocumentStore;
  readonly #inner: Engine;
  readonly #stopped = new AbortController();
  #callsLeft = Number.POSITIVE_INFINITY;
  #side: StopSide = "before";
  callCount = 0;

  constructor(inner: Engine) {
    this.#inner = inner;
    this.name = inner.name;
    this.multiGateway = inner.multiGateway;
    this.densePositions = inner.densePositions;
    this.limits = inner.limits;
    const run: Run = (call) => this.#run(call);
    this.log = new StoppingLog(inner.log, run, this.#stopped.signal);
    this.documents = new StoppingDocumentStore(inner.documents, run, this.#stopped.signal);
  }

  get isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  /** Stops at a call, counted from now on and from 0. */
  stopAt(call: number, side: StopSide): void {
    this.#callsLeft = call;
    this.#side = side;
  }

  /** Stops now. */
  stop(): void {
    this.#stopped.abort();
  }

  async open(): Promise<void> {}

  async health(): Promise<EngineHealth> {
    return await this.#inner.health();
  }

  async close(): Promise<void> {}

  async #run<Result>(call: () => Promise<Result>): Promise<Result> {
    if (this.isStopped) throw stopped();
    this.callCount += 1;
    if (this.#callsLeft > 0) {
      this.#callsLeft -= 1;
      const result = await call();
      // The process stopped during this call.
      if (this.isStopped) throw stopped();
      return result;
    }
    this.stop();
    if (this.#side === "after") await call();
    throw stopped();
  }
}

type Run = <Result>(call: () => Promise<Result>) => Promise<Result>;

function stopped(): EngineError {
  return new EngineError("closed", "The process has stopped.");
}

class StoppingLog implements ShardLog {
  readonly #inner: ShardLog;
  readonly #run: Run;
  readonly #stopped: AbortSignal;

  constructor(inner: ShardLog, run: Run, stopped: AbortSignal) {
    this.#inner = inner;
    this.#run = run;
    this.#stopped = stopped;
  }

  createShard(streamId: string, shardIndex: number, hint: PlacementHint): Promise<ShardRef> {
    return this.#run(() => this.#inner.createShard(streamId, shardIndex, hint));
  }

  append(entries: readonly Append[], settingsEpoch?: number): Promise<readonly AppendOutcome[]> {
    return this.#run(() => this.#inner.append(entries, settingsEpoch));
  }

  appendBatch(batch: AppendBatch): Promise<BigUint64Array> {
    return this.#run(() => this.#inner.appendBatch(batch));
  }

  read(shard: ShardRef, from: Position, limit: ReadLimit): Promise<ReadResult> {
    return this.#run(() => this.#inner.read(shard, from, limit));
  }

  seek(shard: ShardRef, target: SeekTarget): Promise<Position> {
    return this.#run(() => this.#inner.seek(shard, target));
  }

  follow(shard: ShardRef, from: Position, options: FollowOptions): AsyncIterable<readonly StoredEntry[]> {
    return this.#inner.follow(shard, from, {
      ...options,
      signal: AbortSignal.any([options.signal, this.#stopped]),
    });
  }

  seal(shard: ShardRef, operationId: string): Promise<{ readonly end: Position }> {
    return this.#run(() => this.#inner.seal(shard, operationId));
  }

  fenceBefore(shard: ShardRef, settingsEpoch: number): Promise<number> {
    return this.#run(() => this.#inner.fenceBefore(shard, settingsEpoch));
  }

  setRetention(streamId: string, shards: readonly ShardRef[], retentionMs: number): Promise<void> {
    return this.#run(() => this.#inner.setRetention(streamId, shards, retentionMs));
  }

  dropShard(shard: ShardRef): Promise<void> {
    return this.#run(() => this.#inner.dropShard(shard));
  }

  dropStream(streamId: string, shards: readonly ShardRef[]): Promise<void> {
    return this.#run(() => this.#inner.dropStream(streamId, shards));
  }
}

class StoppingDocumentStore implements DocumentStore {
  readonly #inner: DocumentStore;
  readonly #run: Run;
  readonly #stopped: AbortSignal;

  constructor(inner: DocumentStore, run: Run, stopped: AbortSignal) {
    this.#inner = inner;
    this.#run = run;
    this.#stopped = stopped;
  }

  get(key: string): Promise<VersionedDocument | undefined> {
    return this.#run(() => this.#inner.get(key));
  }

  compareAndSwap(key: string, value: Uint8Array | null, expectedRevision: bigint): Promise<bigint> {
    return this.#run(() => this.#inner.compareAndSwap(key, value, expectedRevision));
  }

  list(prefix: string): Promise<readonly VersionedDocument[]> {
    return this.#run(() => this.#inner.list(prefix));
  }

  watch(prefix: string, signal: AbortSignal): AsyncIterable<WatchEvent> {
    return this.#watch(prefix, signal);
  }

  async *#watch(prefix: string, signal: AbortSignal): AsyncGenerator<WatchEvent, undefined> {
    yield* this.#inner.watch(prefix, AbortSignal.any([signal, this.#stopped]));
    if (!signal.aborted) throw stopped();
  }
}
