import { EngineError } from "../engine/engine-error.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { ShardServices } from "../shards/shard-services.ts";
import type { Shard, StreamChannel } from "../streams/stream.ts";
import type { Cut } from "./batch/cut.ts";
import { type BatchBuilder, batchBytesMax, type Destination, type StoredBatch } from "./batch/destination.ts";
import type { BatchSlots } from "./batch-slots.ts";
import type { ChannelFailure, ChannelFigures } from "./channel-figures.ts";
import type { Checkpoint, CheckpointStore, VersionedCheckpoint } from "./checkpoint-store.ts";
import { type BatchSource, fillBatch, fillBatchAgain } from "./fill-batch.ts";
import { PendingRecords } from "./pending-records.ts";

/** Pause between two looks at what is pending. */
const lookMs = 500;
/** Pause after a failure: the first one, and the longest one. */
const retryMsMin = 500;
const retryMsMax = 30_000;

/** Where other servers take puts too: how often all shards are looked at. */
const lookAtAllMs = 2_000;

/** What a position is expected to take until a batch says, where each is of a record. */
const positionBytesDefault = 256;

/** Failures in a row are reported at once, and again after this while they go on. */
const reportMs = 60_000;

/** A batch that is being stored, or that is done. */
interface BatchAtWork {
  /** The checkpoint once it is done: the next batch begins there. */
  readonly after: Checkpoint;
  /** Resolves when it is stored and its checkpoint durable. */
  readonly done: Promise<VersionedCheckpoint>;
}

/** Turns at work that several servers could do, each named by a text. They save work: what is stored twice is refused. */
export interface ChannelTurns {
  /** Whether it is this server's turn. */
  take(work: string): Promise<boolean>;
  /** Gives the turn back if this server has it. */
  end(work: string): Promise<void>;
}

export interface ChannelOptions {
  readonly services: ShardServices;
  readonly checkpoints: CheckpointStore;
  readonly destination: Destination;
  readonly slots: BatchSlots;
  readonly revision: StreamRevision;
  readonly row: StreamChannel;
  /** Six characters of `[a-z0-9]`. */
  readonly newRandom: () => string;
  /** Present where several servers share the engine: one of them has the turn to deliver, another one takes it when that is gone. */
  readonly turns?: ChannelTurns | undefined;
  /** See `Engine.densePositions`. */
  readonly densePositions: boolean;
  /** Told of failures, which are tried again. */
  readonly failed: (error: unknown) => void;
}

/**
 * Delivers the records of one stream to one destination, batch by batch. A batch is read, cut, stored and done: the cut is
 * durable before anything of the batch can be seen at the destination, and after any failure and any crash the batch that was
 * cut is read and stored again before there is another one. The next batch is read while one is stored. The stream's log is
 * the only buffer.
 */
export class Channel {
  readonly #options: ChannelOptions;
  readonly pending: PendingRecords;
  readonly #closing = new AbortController();
  #isOwnTurn: boolean;
  #revision: StreamRevision;
  #row: StreamChannel;
  #running: Promise<void> | undefined;
  /** Stored bytes for each position, also of those that no record has: by the last batch. */
  #positionBytes: number;
  #failure: (ChannelFailure & { readonly reportedMs: number }) | undefined;
  readonly #figures = {
    batchCount: 0,
    recordCount: 0,
    failedCount: 0,
    expiredCount: 0,
    bytesIn: 0,
    bytesOut: 0,
    failureCount: 0,
  };

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.#revision = options.revision;
    this.#row = options.row;
    this.#isOwnTurn = options.turns === undefined;
    this.#positionBytes = options.densePositions ? positionBytesDefault : 0;
    const { clock } = options.services;
    this.pending = new PendingRecords(() => clock.nowMs());
  }

  get streamId(): string {
    return this.#revision.stream.id;
  }

  get figures(): ChannelFigures {
    if (!this.#isOwnTurn) return { ...this.#figures, freshnessSeconds: undefined };
    const { oldestMs } = this.pending;
    const ageMs = oldestMs === Number.POSITIVE_INFINITY ? 0 : this.#options.services.clock.nowMs() - oldestMs;
    return { ...this.#figures, freshnessSeconds: Math.max(0, ageMs / 1000) };
  }

  /** Undefined while records are delivered, or none wait. */
  get failure(): ChannelFailure | undefined {
    return this.#failure;
  }

  get row(): StreamChannel {
    return this.#row;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  update(revision: StreamRevision, row: StreamChannel): void {
    this.#revision = revision;
    this.#row = row;
  }

  /** Resolves when nothing is read or stored any more. A batch at work is stored again by the next start. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
    await this.#options.turns?.end(this.#work);
    await this.#options.destination.close();
  }

  get #work(): string {
    return `channel/${this.#row.id}`;
  }

  async #hasTurn(): Promise<boolean> {
    const { turns } = this.#options;
    this.#isOwnTurn = turns === undefined || (await turns.take(this.#work));
    return this.#isOwnTurn;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options.services;
    const { signal } = this.#closing;
    let pauseMs = retryMsMin;
    while (!signal.aborted) {
      const countBefore = this.#figures.batchCount;
      try {
        if (await this.#hasTurn()) await this.#deliver();
        else this.#leaveToOther();
      } catch (error) {
        if (signal.aborted) return;
        this.#noteFailure(error);
      }
      pauseMs =
        this.#failure === undefined || this.#figures.batchCount > countBefore
          ? retryMsMin
          : Math.min(retryMsMax, pauseMs * 2);
      await clock.delay(pauseMs, signal).catch(() => undefined);
    }
  }

  /** What waits, and whether it can be delivered, is another server's to tell. */
  #leaveToOther(): void {
    this.pending.clear();
    this.#failure = undefined;
  }

  /** Delivers from what is durable until something fails, or it is another server's turn. */
  async #deliver(): Promise<void> {
    const { turns, services } = this.#options;
    const { clock } = services;
    const { signal } = this.#closing;
    let known = await this.#load();
    await this.#findPending(known.checkpoint);
    this.pending.endTaken();
    let lookedMs = clock.monotonicMs();
    if (known.checkpoint.cut !== undefined) known = await this.#storeAgain(known, known.checkpoint.cut);
    let last: BatchAtWork = { after: known.checkpoint, done: Promise.resolve(known) };
    try {
      while (!signal.aborted && (await this.#hasTurn())) {
        if (this.pending.oldestMs === Number.POSITIVE_INFINITY) this.#failure = undefined;
        if (turns !== undefined && clock.monotonicMs() - lookedMs >= lookAtAllMs) {
          await this.#findPending(last.after);
          lookedMs = clock.monotonicMs();
        }
        if (this.#isDue()) {
          last = await this.#deliverOne(last);
        } else {
          await last.done;
          await clock.delay(lookMs, signal);
        }
      }
    } finally {
      await last.done.catch(() => undefined);
    }
  }

  #source(checkpoint: Checkpoint): BatchSource {
    return {
      services: this.#options.services,
      revision: this.#revision,
      startOf: (shard) => this.#startOf(shard, checkpoint),
      signal: this.#closing.signal,
      densePositions: this.#options.densePositions,
    };
  }

  async #load(): Promise<VersionedCheckpoint> {
    const { checkpoints } = this.#options;
    const known = await checkpoints.read(this.#row.id);
    if (known !== undefined) return known;
    throw new EngineError("not_found", "The checkpoint of the channel is not there, so nothing is delivered.");
  }

  /** Looks at all shards; the puts of this server tell more. */
  async #findPending(checkpoint: Checkpoint): Promise<void> {
    const { log, clock } = this.#options.services;
    const revision = this.#revision;
    for (const shard of revision.stream.shards) {
      const tip = Number(await log.seek(revision.ref(shard), { at: "newest" }));
      const from = await this.#startOf(shard, checkpoint);
      if (from >= tip) continue;
      const { entries } = await log.read(revision.ref(shard), BigInt(from), { entriesMax: 1, bytesMax: 1 });
      this.pending.set(shard.index, { sinceMs: entries[0]?.storedMs ?? clock.nowMs(), from, tip });
    }
  }

  async #startOf(shard: Shard, { delivered, startMs }: Checkpoint): Promise<number> {
    const known = delivered.get(shard.index);
    if (known !== undefined) return known;
    // Expired records too, as far as the engine still has them: they are counted where they are read.
    const { log } = this.#options.services;
    return Number(await log.seek(this.#revision.ref(shard), { at: "time", timeMs: startMs }));
  }

  #isDue(): boolean {
    const { waitingSinceMs } = this.pending;
    if (waitingSinceMs === Number.POSITIVE_INFINITY) return false;
    const ageMs = this.#options.services.clock.nowMs() - waitingSinceMs;
    if (ageMs >= this.#row.freshnessSeconds * 1000) return true;
    // Cut early: so much is expected to be pending.
    return this.pending.positionCount * this.#positionBytes >= batchBytesMax.stored;
  }

  /** Fills the next batch while the last one is stored. Resolves once it is cut. */
  async #deliverOne({ after, done }: BatchAtWork): Promise<BatchAtWork> {
    const { checkpoints, destination, slots, newRandom } = this.#options;
    using held = new DisposableStack();
    held.use(await slots.take(this.#closing.signal));
    const builder = held.adopt(destination.begin(), (begun) => begun.discard());
    const contents = await fillBatch(this.#source(after), this.pending, builder);
    const known = await done;
    if (contents.ranges.length === 0) {
      this.pending.advance(contents.delivered);
      return { after, done };
    }
    const number = after.cutCount + 1;
    const cut: Cut = { number, random: newRandom(), ranges: contents.ranges, oldestMs: contents.oldestMs };
    const written = await checkpoints.replace(this.#row.id, known, { ...after, cutCount: number, cut });
    this.pending.take(contents.delivered, contents.oldestMs);
    const untilStored = held.move();
    const storing = this.#store(builder, { known: written, cut }, contents.expiredCount).finally(() =>
      untilStored.dispose(),
    );
    // The next batch, or the end of the delivery, meets the error.
    storing.catch(() => undefined);
    return { after: this.#finished(written.checkpoint, cut), done: storing };
  }

  /** Stores the batch of a cut that may be stored already: its records are those between the same positions. */
  async #storeAgain(known: VersionedCheckpoint, cut: Cut): Promise<VersionedCheckpoint> {
    const { destination, slots } = this.#options;
    using _slot = await slots.take(this.#closing.signal);
    const builder = destination.begin();
    try {
      const expiredCount = await fillBatchAgain(this.#source(known.checkpoint), cut, builder);
      const sinceMs = cut.oldestMs;
      const delivered = cut.ranges.map(({ shardIndex, to: position }) => ({ shardIndex, position, sinceMs }));
      this.pending.take(delivered, sinceMs);
      return await this.#store(builder, { known, cut }, expiredCount);
    } finally {
      builder.discard();
    }
  }

  /** Stores a filled batch whose cut is durable, and finishes it: once that is durable the batch is never looked at again. */
  async #store(
    builder: BatchBuilder,
    { known, cut }: { readonly known: VersionedCheckpoint; readonly cut: Cut },
    expiredCount: number,
  ): Promise<VersionedCheckpoint> {
    const stored = await builder.store(cut, this.#closing.signal);
    const finished = this.#finished(known.checkpoint, cut);
    const done = await this.#options.checkpoints.replace(this.#row.id, known, finished);
    this.pending.endTaken();
    this.#count(stored, cut, expiredCount);
    return done;
  }

  /** The checkpoint once the batch of its cut is stored. */
  #finished({ cut: _done, ...rest }: Checkpoint, { ranges }: Cut): Checkpoint {
    const delivered = new Map(rest.delivered);
    for (const { shardIndex, to } of ranges) delivered.set(shardIndex, to);
    // Shards that have expired take along how far they were delivered.
    for (const shardIndex of delivered.keys()) {
      if (this.#revision.shard(shardIndex) === undefined) delivered.delete(shardIndex);
    }
    return { ...rest, delivered };
  }

  #count({ recordCount, failedCount, bytesIn, bytesOut }: StoredBatch, { ranges }: Cut, expiredCount: number): void {
    const figures = this.#figures;
    figures.batchCount += 1;
    figures.recordCount += recordCount;
    figures.failedCount += failedCount;
    figures.expiredCount += expiredCount;
    figures.bytesIn += bytesIn;
    figures.bytesOut += bytesOut;
    this.#failure = undefined;
    if (recordCount > 0) this.#positionBytes = bytesOut / ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  }

  #noteFailure(error: unknown): void {
    const { services, failed } = this.#options;
    const nowMs = services.clock.nowMs();
    const sentence = error instanceof Error ? error.message : String(error);
    const { sinceMs = nowMs, reportedMs } = this.#failure ?? {};
    const isSame = this.#failure?.sentence === sentence;
    const isReported = isSame && reportedMs !== undefined && nowMs - reportedMs < reportMs;
    if (!isReported) failed(error);
    this.#failure = { sentence, sinceMs, reportedMs: isReported ? (reportedMs ?? nowMs) : nowMs };
    this.#figures.failureCount += 1;
  }
}
