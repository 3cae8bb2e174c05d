import assert from "node:assert/strict";
import { toAppendBatch, toAppendOutcomes } from "../append-batch.ts";
import type { CopyTarget } from "../copied-log.ts";
import { EngineError } from "../engine-error.ts";
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
  ShardRef,
  StoredEntry,
} from "../shard-log.ts";
import type { EngineContext } from "./engine-context.ts";
import { groupHeaderBytes } from "./format/commit-group.ts";
import { encodeCreateLog, encodeRetention } from "./format/control-body.ts";
import { encryptedOverheadBytes, frameHeaderBytes, frameKind } from "./format/frame.ts";
import { ReadArena } from "./io/read-arena.ts";
import type { EntryReader } from "./reading/entry-reader.ts";
import type { EngineState } from "./state/engine-state.ts";
import type { LogState } from "./state/log-state.ts";
import { AppendCompletion } from "./wal/append-completion.ts";
import { writeCopiedEntries } from "./write-copied-entries.ts";

export const embeddedShardCountMax = 100_000;
const entryRecordsMax = 4096;
/** Read at once when a time is sought between two index points. */
const seekEntriesMax = 1024;
const seekBytesMax = 64 * 1024;
/** Entries in one batch of `follow()`; its bytes are bounded by `bufferedBytesMax`. */
const followEntriesMax = 4096;

/** The largest body, in bytes, that fits a commit group of such a size with its frame header, padding and encryption. */
export function entryBytesMaxFor(groupBytesMax: number): number {
  return groupBytesMax - groupHeaderBytes - frameHeaderBytes - encryptedOverheadBytes - 8;
}

export interface EmbeddedShardLogOptions {
  /** Throws `closed` unless the engine is open. */
  readonly context: () => EngineContext;
  readonly entryBytesMax: number;
}

/** The shard logs, all in one WAL and in segments. Positions are dense, but for skips in logs that were copied. */
export class EmbeddedShardLog implements CopyTarget {
  readonly #context: () => EngineContext;
  readonly #entryBytesMax: number;
  readonly #creating = new Map<string, Promise<ShardRef>>();

  constructor({ context, entryBytesMax }: EmbeddedShardLogOptions) {
    this.#context = context;
    this.#entryBytesMax = entryBytesMax;
  }

  async createShard(streamId: string, shardIndex: number, _hint: PlacementHint): Promise<ShardRef> {
    const { state } = this.#context();
    const present = state.find(streamId, shardIndex);
    if (present !== undefined && present.pendingDrop === undefined) return refOf(present.id, streamId, shardIndex);
    const key = `${shardIndex} ${streamId}`;
    const known = this.#creating.get(key);
    if (known !== undefined) return known;
    if (state.logs.size + this.#creating.size >= embeddedShardCountMax) {
      throw new EngineError(
        "throttled",
        `The storage engine has ${embeddedShardCountMax} shards, which is its limit; no shard was created. Delete streams, or use fewer shards.`,
      );
    }
    const creating = this.#create(streamId, shardIndex).finally(() => this.#creating.delete(key));
    this.#creating.set(key, creating);
    return creating;
  }

  async append(appends: readonly Append[], settingsEpoch?: number): Promise<readonly AppendOutcome[]> {
    return toAppendOutcomes(await this.appendBatch(toAppendBatch(appends, settingsEpoch)));
  }

  async appendBatch(batch: AppendBatch): Promise<BigUint64Array> {
    const { state, writer, clock } = this.#context();
    const { count, shards, shardOf, recordCounts, timesMs, bodyStarts, bodyBytes, settingsEpoch } = batch;
    const logs = state.cachedLogsOf(shards);
    let span = 0;
    for (let index = 0; index < count; index++) {
      const slot = shardOf[index] as number;
      let log = logs[slot];
      if (log === undefined || log.pendingDrop !== undefined) {
        log = requireLog(state, shards[slot] as ShardRef);
        logs[slot] = log;
      }
      const length = bodyBytes[index] as number;
      this.#requireSize(length, recordCounts[index] as number);
      if (takes(log, settingsEpoch)) span += writer.spanOf(length);
    }
    const positions = new BigUint64Array(count);
    let seals: (Promise<void> | undefined)[] | undefined;
    const nowMs = clock.nowMs();
    if (span > 0) writer.requireSpace(span);
    const pending = new AppendCompletion();
    // One object of each serves all entries: `submit()` copies what it is given.
    const head = { kind: frameKind.entry, count: 0, logId: 0, position: 0, timeMs: 0, storedMs: 0 };
    const body = { bytes: bufferOver(batch.bytes), from: 0, to: 0 };
    for (let index = 0; index < count; index++) {
      const log = logs[shardOf[index] as number] as LogState;
      if (!takes(log, settingsEpoch)) {
        seals ??= [];
        seals.push(log.pendingSeal);
        continue;
      }
      const records = recordCounts[index] as number;
      const timeMs = timesMs[index] as number;
      const position = log.nextPosition;
      const storedMs = Math.max(nowMs, timeMs, log.lastStoredMs);
      log.nextPosition = position + records;
      log.lastStoredMs = storedMs;
      pending.expect();
      head.count = records;
      head.logId = log.id;
      head.position = position;
      head.timeMs = timeMs;
      head.storedMs = storedMs;
      body.from = bodyStarts[index] as number;
      body.to = body.from + (bodyBytes[index] as number);
      writer.submit(head, body, pending);
      positions[index] = BigInt(position);
    }
    await pending.completed();
    // An entry counts as refused by a seal only when the seal is durable.
    for (const seal of seals ?? []) await seal;
    return positions;
  }

  async read(shard: ShardRef, from: Position, limit: ReadLimit): Promise<ReadResult> {
    const { state, entries, chunks } = this.#context();
    const log = requireLog(state, shard);
    const { tip } = log;
    if (from >= BigInt(tip)) return { entries: [], next: from, tip: BigInt(tip) };
    const arena = new ReadArena(chunks);
    try {
      const found = await entries.read(log, Number(from), limit, arena);
      const result = { entries: found, next: nextAfter(found, log, tip), tip: BigInt(log.tip) };
      return arena.isEmpty ? result : { ...result, lease: arena };
    } catch (error) {
      arena[Symbol.dispose]();
      throw error;
    }
  }

  async seek(shard: ShardRef, target: SeekTarget): Promise<Position> {
    const { state } = this.#context();
    const log = requireLog(state, shard);
    if (target.at === "newest" || target.at === "known") return BigInt(log.tip);
    if (target.at === "last") return BigInt(await this.#lastPosition(log));
    if (target.at === "time") return BigInt(await this.#seekTime(log, target.timeMs));
    return BigInt(log.oldest);
  }

  async *follow(
    shard: ShardRef,
    from: Position,
    options: FollowOptions,
  ): AsyncGenerator<readonly StoredEntry[], undefined> {
    const { signal } = options;
    const log = requireLog(this.#context().state, shard);
    // Nothing is buffered for a follower: a commit wakes it and it reads on, near the tip from memory.
    let next = from < 1n ? 1n : from;
    let isNew = false;
    while (!signal.aborted) {
      const { entries } = this.#context();
      if (log.pendingDrop !== undefined) throw notFound(shard);
      if (next >= BigInt(log.tip)) {
        if (log.sealedBy !== undefined) return;
        await changeOf(log, signal);
        isNew = true;
        continue;
      }
      const { tip } = log;
      const batch = await readBatch(entries, log, { from: next, isNew }, options);
      isNew = false;
      if (signal.aborted) return;
      if (batch.length > 0) yield batch;
      next = nextAfter(batch, log, tip);
    }
  }

  async copiedEnd(shard: ShardRef): Promise<Position> {
    return BigInt(requireLog(this.#context().state, shard).tip);
  }

  async appendCopied(shard: ShardRef, entries: readonly StoredEntry[], next: Position): Promise<void> {
    const { state, writer } = this.#context();
    await writeCopiedEntries(writer, requireLog(state, shard), entries, Number(next));
  }

  async seal(shard: ShardRef, operationId: string): Promise<{ readonly end: Position }> {
    const { state, writer } = this.#context();
    const log = requireLog(state, shard);
    if (log.sealedBy === undefined) {
      log.pendingSeal ??= writer.writeControl(
        { kind: frameKind.sealLog, logId: log.id, position: log.nextPosition },
        Buffer.from(operationId),
      );
      await log.pendingSeal;
    }
    return { end: BigInt(log.nextPosition) };
  }

  /** It is not on the disk: a writer that knows an older stream document ends with the process. */
  async fenceBefore(shard: ShardRef, settingsEpoch: number): Promise<number> {
    const log = requireLog(this.#context().state, shard);
    log.settingsEpoch = Math.max(log.settingsEpoch, settingsEpoch);
    // Durable behind all appends in flight; it changes nothing else.
    if (log.tip < log.nextPosition) await this.#retain(log, log.retentionMs);
    return log.settingsEpoch;
  }

  async setRetention(_streamId: string, shards: readonly ShardRef[], retentionMs: number): Promise<void> {
    const { state } = this.#context();
    const logs = shards.map((shard) => requireLog(state, shard));
    // While another change is in flight, the present value is a change as well.
    const changed = logs.filter((log) => log.retentionMs !== retentionMs || log.pendingRetentionCount > 0);
    await Promise.all(changed.map((log) => this.#retain(log, retentionMs)));
  }

  async dropShard(shard: ShardRef): Promise<void> {
    const log = this.#context().state.logOf(shard);
    if (log !== undefined) await this.#drop(log);
  }

  async dropStream(streamId: string, _shards: readonly ShardRef[]): Promise<void> {
    // All logs of the stream, so that one whose document was never written is dropped too.
    const logs = [...this.#context().state.logs.values()].filter((log) => log.streamId === streamId);
    await Promise.all(logs.map((log) => this.#drop(log)));
  }

  async #create(streamId: string, shardIndex: number): Promise<ShardRef> {
    const { state, writer } = this.#context();
    const logId = state.allocateLogId();
    await writer.writeControl({ kind: frameKind.createLog, logId }, encodeCreateLog(shardIndex, streamId));
    return refOf(logId, streamId, shardIndex);
  }

  async #retain(log: LogState, retentionMs: number): Promise<void> {
    log.pendingRetentionCount += 1;
    try {
      await this.#context().writer.writeControl(
        { kind: frameKind.retention, logId: log.id },
        encodeRetention(retentionMs),
      );
    } finally {
      log.pendingRetentionCount -= 1;
    }
  }

  async #drop(log: LogState): Promise<void> {
    log.pendingDrop ??= this.#context().writer.writeControl(
      { kind: frameKind.dropLog, logId: log.id },
      Buffer.alloc(0),
    );
    try {
      await log.pendingDrop;
    } catch (error) {
      // The WAL takes no writes any more, but reads are still served, those of this shard too.
      log.pendingDrop = undefined;
      throw error;
    }
  }

  /** The first position stored at or after `timeMs`: between the last index point before that time and the next one. */
  async #seekTime(log: LogState, timeMs: number): Promise<number> {
    const { entries, segments } = this.#context();
    const extent = log.extents.findTime(timeMs);
    if (extent < log.extents.count) {
      const found = log.extents.at(extent);
      // The usual case: the time is before all that is kept, and nothing need be read.
      if (found.firstMs >= timeMs) return found.position;
      const release = segments.hold(found.segmentId);
      try {
        return await this.#seekBetween(entries, log, {
          from: await segments.positionBefore(found, timeMs),
          end: found.end,
          timeMs,
        });
      } finally {
        release();
      }
    }
    const point = log.index.countBefore(timeMs);
    const end = point < log.index.count ? log.index.positionAt(point) : log.tip;
    if (point === 0) return end;
    return this.#seekBetween(entries, log, { from: log.index.positionAt(point - 1), end, timeMs });
  }

  async #seekBetween(
    entries: EntryReader,
    log: LogState,
    { from, end, timeMs }: { readonly from: number; readonly end: number; readonly timeMs: number },
  ): Promise<number> {
    for (let next = from; next < end; ) {
      const page = await entries.read(log, next, { entriesMax: seekEntriesMax, bytesMax: seekBytesMax });
      const found = page.find(({ storedMs }) => storedMs >= timeMs);
      if (found !== undefined) return Number(found.position);
      const last = page.at(-1);
      if (last === undefined) return log.oldest;
      next = Number(last.position) + last.count;
    }
    return end;
  }

  /** A position in the last entry; the tip if there is none. A log that was copied may end with a skip, of any length. */
  async #lastPosition(log: LogState): Promise<number> {
    const { entries } = this.#context();
    for (let distance = 1; ; distance *= 2) {
      const from = Math.max(log.oldest, log.tip - distance);
      let last: StoredEntry | undefined;
      for (let next = from; next < log.tip; ) {
        const page = await entries.read(log, next, { entriesMax: seekEntriesMax, bytesMax: seekBytesMax });
        const end = page.at(-1);
        if (end === undefined) break;
        last = end;
        next = Number(end.position) + end.count;
      }
      if (last !== undefined) return Number(last.position) + last.count - 1;
      if (from <= log.oldest) return log.tip;
    }
  }

  #requireSize(bytes: number, count: number): void {
    assert(count >= 1 && count <= entryRecordsMax, `an entry has 1 to ${entryRecordsMax} records`);
    if (bytes <= this.#entryBytesMax) return;
    throw new EngineError(
      "too_large",
      `An entry of ${bytes} bytes is over the limit of ${this.#entryBytesMax} bytes; nothing was stored.`,
    );
  }
}

/** What a follower reads next, when there is room for it; nothing after an abort. */
async function readBatch(
  entries: EntryReader,
  log: LogState,
  { from, isNew }: { readonly from: Position; readonly isNew: boolean },
  { signal, bufferedBytesMax, admission }: FollowOptions,
): Promise<readonly StoredEntry[]> {
  const bytesMax = (await admission?.take(isNew)) ?? bufferedBytesMax;
  if (signal.aborted) return [];
  const batch = await entries.read(log, Number(from), { entriesMax: followEntriesMax, bytesMax });
  if (batch.length === 0) admission?.giveBack();
  return batch;
}

function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function takes(log: LogState, settingsEpoch: number): boolean {
  return log.sealedBy === undefined && log.pendingSeal === undefined && settingsEpoch >= log.settingsEpoch;
}

function refOf(logId: number, streamId: string, shardIndex: number): ShardRef {
  return { streamId, shardIndex, placement: { log: logId } };
}

function requireLog(state: EngineState, shard: ShardRef): LogState {
  const log = state.logOf(shard);
  if (log === undefined || log.pendingDrop !== undefined) throw notFound(shard);
  return log;
}

/** Where to read on. Without an entry before `tip`, all up to there has expired, or no record has these positions. */
function nextAfter(entries: readonly StoredEntry[], log: LogState, tip: number): Position {
  const last = entries.at(-1);
  return last === undefined ? BigInt(Math.max(log.oldest, tip)) : last.position + BigInt(last.count);
}

function notFound({ streamId, shardIndex }: ShardRef): EngineError {
  return new EngineError(
    "not_found",
    `Shard ${shardIndex} of stream ${streamId} does not exist in the storage engine.`,
  );
}

/** Resolves at the next change that a reader of this log can see, or at the abort. */
function changeOf(log: LogState, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      forget();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const forget = log.onChange(done);
    signal.addEventListener("abort", done, { once: true });
  });
}
