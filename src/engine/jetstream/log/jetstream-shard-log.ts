import assert from "node:assert/strict";
import { toAppendBatch, toAppendOutcomes } from "../../append-batch.ts";
import type { CopyTarget } from "../../copied-log.ts";
import { EngineError } from "../../engine-error.ts";
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
} from "../../shard-log.ts";
import type { JetStreamApi } from "../api/jetstream-api.ts";
import { OpenState } from "../api/open-state.ts";
import { positionOf, recordsPerMessageMax, sequenceOf } from "../format/log-message.ts";
import { groupName, logSubjects, placementOf, recordsOfGroup, type SubjectNames } from "../format/subjects.ts";
import { AppendLane, type LaneContext } from "./append-lane.ts";
import { CallState } from "./call-state.ts";
import { freeMessages } from "./free-messages.ts";
import type { LogGroups } from "./log-groups.ts";
import { behind, readLogMessages } from "./log-page.ts";
import { raiseFences } from "./raise-fences.ts";
import type { PushFeed, ShardPushes } from "./shard-pushes.ts";
import type { ShardReader } from "./shard-reader.ts";
import { ShardState } from "./shard-state.ts";
import { storeCopied } from "./store-copied.ts";
import { dropLog, sealLog } from "./store-marker.ts";
import type { VerifiedReader } from "./verified-reader.ts";

/** Open shards for each log group, so that one group has a third of what it can store in a second. */
const shardsPerGroup = 32;
/** Appends of so many gateways to one shard can be on their way at the same time. */
const stripesPerShard = 4;
/** Bodies of all appends that wait or are on their way. */
const waitingBytesMax = 64 * 1024 * 1024;
/** Entries in one batch of `follow()`; its bytes are bounded by `bufferedBytesMax`. */
const entriesPerBatchMax = 1_024;
const closingMsMax = 5_000;

export interface JetStreamShardLogOptions {
  readonly api: JetStreamApi;
  readonly names: SubjectNames;
  readonly groups: LogGroups;
  readonly reader: ShardReader;
  readonly verified: VerifiedReader;
  readonly pushes: ShardPushes;
  readonly lanes: LaneContext;
  readonly entryBytesMax: number;
}

interface Shard {
  readonly state: ShardState;
  readonly lane: AppendLane;
}

/** Shard logs in log groups on NATS servers. It keeps nothing that another gateway would need. */
export class JetStreamShardLog implements CopyTarget {
  readonly #options: JetStreamShardLogOptions;
  readonly #shards = new Map<string, Shard>();
  /** The same by the identity of a ref, which spares a lookup by name. */
  readonly #byRef = new WeakMap<ShardRef, Shard>();
  readonly #open = new OpenState();
  #waitingBytes = 0;

  constructor(options: JetStreamShardLogOptions) {
    this.#options = options;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Waits for appends that are on their way, and then refuses all calls. */
  async close(): Promise<void> {
    this.#open.close();
    this.#options.pushes.close();
    const idle = Promise.all([...this.#shards.values()].map(({ lane }) => lane.idle()));
    const giveUp = Promise.withResolvers<void>();
    const timer = setTimeout(giveUp.resolve, closingMsMax);
    await Promise.race([idle, giveUp.promise]);
    clearTimeout(timer);
  }

  /** The group follows from the index and the number of open shards, so that every repetition finds the same one. */
  async createShard(
    streamId: string,
    shardIndex: number,
    { openShardCount, copiedBelow }: PlacementHint,
  ): Promise<ShardRef> {
    this.#open.assertOpen();
    const { api, names, groups } = this.#options;
    const group = shardIndex % Math.max(1, Math.ceil(openShardCount / shardsPerGroup));
    // What is appended after the copy must have positions behind those that are copied.
    const first = copiedBelow === undefined ? 0 : sequenceOf(copiedBelow - 1n) + 1;
    await groups.ensure(streamId, group, first);
    for (let drops = 0; ; drops++) {
      const log = drops === 0 ? `${shardIndex}` : `${shardIndex}-${drops}`;
      const placement = { group, log, stripes: stripesPerShard, ...(first === 0 ? {} : { first }) };
      const { group: stream, dropped } = logSubjects(names, streamId, placement);
      const isDropped = (await api.lastMessage(stream, dropped)) !== undefined;
      if (!isDropped) return { streamId, shardIndex, placement };
    }
  }

  async append(entries: readonly Append[], settingsEpoch?: number): Promise<readonly AppendOutcome[]> {
    return toAppendOutcomes(await this.appendBatch(toAppendBatch(entries, settingsEpoch)));
  }

  async appendBatch(batch: AppendBatch): Promise<BigUint64Array> {
    this.#open.assertOpen();
    const { count, recordCounts, timesMs, bytes, bodyStarts, bodyBytes, settingsEpoch } = batch;
    const shards = this.#shardsOf(batch);
    const callBytes = bodyBytes.subarray(0, count).reduce((sum, length) => sum + length, 0);
    if (this.#waitingBytes + callBytes > waitingBytesMax) {
      throw new EngineError(
        "throttled",
        `${this.#waitingBytes} bytes of records wait for the NATS servers, which is the limit; nothing was stored. It may be tried again.`,
      );
    }
    this.#waitingBytes += callBytes;
    const call = new CallState(count);
    for (const [row, { lane }] of shards.entries()) {
      const start = bodyStarts[row] as number;
      lane.add({
        count: recordCounts[row] as number,
        timeMs: timesMs[row] as number,
        body: Buffer.from(bytes.subarray(start, start + (bodyBytes[row] as number))),
        settingsEpoch,
        resolve: (position) => call.resolve(row, position),
        reject: (error) => call.reject(row, error),
      });
    }
    try {
      return await call.settled;
    } finally {
      this.#waitingBytes -= callBytes;
    }
  }

  async copiedEnd(shard: ShardRef): Promise<Position> {
    const { state } = this.#shard(shard);
    // Reading the last message tells where it ends.
    await this.#open.whileOpen(this.#options.reader.last(state));
    return state.last?.end ?? 1n;
  }

  /**
   * Later appends have positions behind all of these, by the first sequence of the group. The entries follow the last message
   * that `copiedEnd()` or this has seen, which is not read again: what another copy has stored since then is a conflict.
   */
  async appendCopied(shard: ShardRef, entries: readonly StoredEntry[]): Promise<void> {
    const { state } = this.#shard(shard);
    this.#open.assertOpen();
    await storeCopied(this.#options.lanes, state, entries, state.last?.sequence ?? 0);
  }

  async read(shard: ShardRef, from: Position, limit: ReadLimit): Promise<ReadResult> {
    return await this.#open.whileOpen(this.#options.reader.read(this.#shard(shard).state, from, limit));
  }

  async seek(shard: ShardRef, target: SeekTarget): Promise<Position> {
    const { state } = this.#shard(shard);
    const { reader } = this.#options;
    switch (target.at) {
      case "oldest":
        return await this.#open.whileOpen(reader.oldest(state));
      case "newest":
        return await this.#open.whileOpen(reader.tip(state));
      case "known":
        state.assertExists();
        return state.heardTip;
      case "last":
        return (await this.#open.whileOpen(reader.last(state))) ?? (await this.#open.whileOpen(reader.tip(state)));
      case "time":
        return await this.#open.whileOpen(reader.atTime(state, target.timeMs));
    }
  }

  async *follow(
    shard: ShardRef,
    from: Position,
    { signal, bufferedBytesMax, admission }: FollowOptions,
  ): AsyncGenerator<readonly StoredEntry[], undefined> {
    const { state } = this.#shard(shard);
    const { pushes, reader } = this.#options;
    const { feed, release } = pushes.use(state);
    try {
      // A subscription that the servers have not seen yet would miss what is stored until then.
      await feed.ready;
      let isNew = false;
      for (let next = from; !signal.aborted; ) {
        this.#open.assertOpen();
        const { version } = feed;
        const bytesMax = (await admission?.take(isNew)) ?? bufferedBytesMax;
        isNew = false;
        if (signal.aborted) return;
        const limit = { entriesMax: entriesPerBatchMax, bytesMax };
        const page = pushedPage(state, feed, next) ?? (await this.#open.whileOpen(reader.read(state, next, limit)));
        state.hearOf(page.tip);
        if (page.next > next) next = page.next;
        if (page.entries.length > 0) yield page.entries;
        else {
          admission?.giveBack();
          if (isAtEnd(state, next)) return;
          await feed.changed(version, signal);
          isNew = true;
        }
      }
    } finally {
      release();
    }
  }

  async seal(shard: ShardRef, _operationId: string): Promise<{ readonly end: Position }> {
    const { state } = this.#shard(shard);
    state.assertExists();
    const { api, lanes } = this.#options;
    const sequence = await this.#open.whileOpen(sealLog(api, state, lanes.nowMs()));
    state.learnEnd(sequence);
    this.#options.pushes.notify(state);
    return { end: positionOf(sequence) };
  }

  async fenceBefore(shard: ShardRef, settingsEpoch: number): Promise<number> {
    const { state } = this.#shard(shard);
    state.assertExists();
    return await this.#open.whileOpen(raiseFences(this.#options.api, state, settingsEpoch));
  }

  /** Messages are kept until `freeBefore`, whatever the retention. */
  async setRetention(streamId: string, shards: readonly ShardRef[], _retentionMs: number): Promise<void> {
    this.#open.assertOpen();
    const { names, groups } = this.#options;
    await groups.keepMessages(groupsOf(shards).map((group) => groupName(names, streamId, group)));
  }

  async freeBefore(streamId: string, shards: readonly ShardRef[], timeMs: number): Promise<void> {
    this.#open.assertOpen();
    const { api, names, verified, lanes } = this.#options;
    for (const group of groupsOf(shards)) {
      const subjects = { group: groupName(names, streamId, group), records: recordsOfGroup(names, streamId, group) };
      await this.#open.whileOpen(freeMessages({ api, verified, nowMs: lanes.nowMs }, subjects, timeMs));
    }
  }

  async dropShard(shard: ShardRef): Promise<void> {
    const { state } = this.#shard(shard);
    const { api, pushes } = this.#options;
    if (state.isDropped || (await api.streamInfo(state.subjects.group)) === undefined) return;
    await dropLog(api, state);
    state.isDropped = true;
    pushes.notify(state);
  }

  async dropStream(streamId: string, shards: readonly ShardRef[]): Promise<void> {
    this.#open.assertOpen();
    const { names, groups, pushes } = this.#options;
    await groups.drop(
      streamId,
      shards.map((shard) => groupName(names, streamId, placementOf(shard).group)),
    );
    for (const [key, { state }] of [...this.#shards]) {
      if (!key.startsWith(`${streamId}/`)) continue;
      state.isDropped = true;
      pushes.notify(state);
      this.#shards.delete(key);
    }
  }

  /** The shard of each entry. Throws unless all entries may be stored. */
  #shardsOf({ count, shards, shardOf, recordCounts, bodyBytes }: AppendBatch): readonly Shard[] {
    const { entryBytesMax } = this.#options;
    const found: Shard[] = [];
    for (let row = 0; row < count; row++) {
      const recordCount = recordCounts[row] as number;
      assert(recordCount >= 1 && recordCount <= recordsPerMessageMax, "an entry has 1 to 4096 records");
      const bytes = bodyBytes[row] as number;
      if (bytes > entryBytesMax) {
        throw new EngineError(
          "too_large",
          `An entry of ${bytes} bytes is over the limit of ${entryBytesMax} bytes; nothing was stored.`,
        );
      }
      const shard = this.#shard(shards[shardOf[row] as number] as ShardRef);
      shard.state.assertExists();
      found.push(shard);
    }
    return found;
  }

  #shard(ref: ShardRef): Shard {
    this.#open.assertOpen();
    const cached = this.#byRef.get(ref);
    if (cached !== undefined) return cached;
    const placement = placementOf(ref);
    const key = `${ref.streamId}/${placement.group}/${placement.log}`;
    let shard = this.#shards.get(key);
    if (shard === undefined) {
      const { names, lanes, groups } = this.#options;
      const subjects = logSubjects(names, ref.streamId, placement);
      const title = `Shard ${ref.shardIndex} of stream ${ref.streamId}`;
      const state = new ShardState({
        subjects,
        title,
        firstSequence: placement.first ?? 0,
        isNoted: () => groups.isNoted(subjects.group),
      });
      shard = { state, lane: new AppendLane(lanes, state) };
      this.#shards.set(key, shard);
    }
    this.#byRef.set(ref, shard);
    return shard;
  }
}

/** The entries behind a position as the servers pushed them; undefined if the message that follows is not held. */
function pushedPage(state: ShardState, feed: PushFeed, from: Position): Omit<ReadResult, "lease"> | undefined {
  const mayBePushed = !state.isDropped && from >= state.copiedBelow;
  const pushed = mayBePushed ? feed.following(sequenceOf(from)) : undefined;
  const message = pushed === undefined ? undefined : readLogMessages([pushed]).records[0];
  if (message === undefined) return undefined;
  state.learnLast({ ...message, isAcknowledgedHere: false });
  const entries = message.entries.filter(({ position, count }) => position + BigInt(count) > from);
  return entries.length === 0 ? undefined : { entries, next: behind(message), tip: message.end };
}

function groupsOf(shards: readonly ShardRef[]): readonly number[] {
  return [...new Set(shards.map((shard) => placementOf(shard).group))];
}

function isAtEnd({ endPosition }: ShardState, next: Position): boolean {
  return endPosition !== undefined && next >= endPosition;
}
