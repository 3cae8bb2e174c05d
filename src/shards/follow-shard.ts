import type { Position, StoredEntry } from "../engine/shard-log.ts";
import { cutPage } from "../records/cut-page.ts";
import type { OutgoingRecords } from "../records/outgoing-records.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { trimHorizonMs } from "../streams/retention-window.ts";
import type { Shard } from "../streams/stream.ts";
import { decodeEntryBodies } from "./decode-entry-bodies.ts";
import { PushAdmission, type PushMemory, pushBytesMax } from "./push-memory.ts";
import type { ShardServices } from "./shard-services.ts";

const pushRecordsMax = 10_000;

/** How often a reader at the tip gets an event without records (observed: about every 5 s). */
const heartbeatMs = 5_000;

export interface FollowStart {
  readonly revision: StreamRevision;
  readonly shard: Shard;
  readonly from: Position;
  readonly signal: AbortSignal;
  /** Absent where memory is not bounded. */
  readonly memory?: PushMemory | undefined;
}

/** Records of a shard in order, without gap or repeat; none of them when it is a heartbeat. */
export interface ShardPush {
  readonly from: Position;
  /** The position that the next push begins at. */
  readonly next: Position;
  readonly records: OutgoingRecords;
  /** 0 at the tip. */
  readonly millisBehindLatest: number;
}

const noRecords: OutgoingRecords = { count: 0, dataBytes: 0, slices: [] };

/**
 * All records from a position on, pulled by the reader: before the tip as fast as it reads, at the tip as soon as they
 * are committed. Ends at the end of a closed shard, and when the signal aborts.
 */
export async function* followShard(services: ShardServices, start: FollowStart): AsyncGenerator<ShardPush, void> {
  const { revision, shard, signal } = start;
  const { clock } = services;
  const ref = revision.ref(shard);
  const admission = new PushAdmission(start.memory, signal);
  const source = decodedBatches(services, start, admission);
  let from = start.from;
  let behindMs = 0;
  let pending = source.next();
  try {
    for (;;) {
      const turn = await untilHeartbeat(pending, services);
      if (turn === "heartbeat") {
        yield {
          from,
          next: from,
          records: noRecords,
          millisBehindLatest: admission.isBehind ? Math.max(1, behindMs) : 0,
        };
        continue;
      }
      if (turn.done === true) return;
      const batch = turn.value;
      const tip = await services.log.seek(ref, { at: "known" });
      const place = { from, tip, start, nowMs: clock.nowMs(), bytesMax: admission.dataBytesMax };
      for (const push of pushesOf(batch, place)) {
        from = push.next;
        behindMs = push.millisBehindLatest;
        admission.holdPush(push.records.dataBytes);
        const startedMs = clock.monotonicMs();
        yield push;
        admission.pace(clock.monotonicMs() - startedMs);
        await keepPace(push, services, signal);
      }
      from = endOf(batch);
      admission.giveBack();
      pending = source.next();
    }
  } finally {
    // A source that waits for a commit ends by the signal; the reader's end must not wait for that.
    pending.catch(() => undefined);
    void source.return();
  }
}

/** Batches of the log, decoded as far as there is room for. The memory of a batch is held until the next one is asked for. */
async function* decodedBatches(
  services: ShardServices,
  { revision, shard, from, signal }: FollowStart,
  admission: PushAdmission,
): AsyncGenerator<readonly StoredEntry[], void> {
  const batches = services.log.follow(revision.ref(shard), from, { signal, bufferedBytesMax: pushBytesMax, admission });
  let next = from;
  for await (const batch of batches) {
    for (let waiting = batch; waiting.length > 0; ) {
      if (waiting !== batch) await admission.takeMore(bytesOf(waiting));
      if (signal.aborted) return;
      const limit = { from: next, recordsMax: pushRecordsMax, bytesMax: admission.dataBytesMax };
      const decoded = await decodeEntryBodies(services, { revision, shard }, waiting, limit);
      waiting = waiting.slice(decoded.length);
      if (signal.aborted) return;
      admission.holdStored(bytesOf(decoded) + bytesOf(waiting));
      next = endOf(decoded);
      yield decoded;
    }
  }
}

function bytesOf(entries: readonly StoredEntry[]): number {
  let bytes = 0;
  for (const { body } of entries) bytes += body.length;
  return bytes;
}

function* pushesOf(
  batch: readonly StoredEntry[],
  place: {
    readonly from: Position;
    readonly tip: Position;
    readonly start: FollowStart;
    readonly nowMs: number;
    readonly bytesMax: number;
  },
): Generator<ShardPush, void> {
  const { tip, nowMs, bytesMax } = place;
  const limit = { recordsMax: pushRecordsMax, bytesMax };
  const { revision, shard } = place.start;
  const horizon = trimHorizonMs(nowMs, revision.stream);
  const unexpired = batch.filter((entry) => entry.storedMs >= horizon);
  for (let { from } = place; ; ) {
    const { records, next } = cutPage(unexpired, from, limit, shard);
    if (records.count === 0) return;
    const arrivalMs = records.slices.at(-1)?.arrivalMs ?? nowMs;
    yield { from, next, records, millisBehindLatest: next >= tip ? 0 : Math.max(0, nowMs - arrivalMs) };
    from = next;
  }
}

function endOf(batch: readonly StoredEntry[]): Position {
  const last = batch.at(-1);
  if (last === undefined) throw new Error("a followed batch is never empty");
  return last.position + BigInt(last.count);
}

/** The source ends when the subscription's signal aborts, and so does the wait for it. */
async function untilHeartbeat<T>(pending: Promise<T>, { clock }: ShardServices): Promise<T | "heartbeat"> {
  const stop = new AbortController();
  const heartbeat = clock.delay(heartbeatMs, stop.signal).then(() => "heartbeat" as const);
  heartbeat.catch(() => undefined);
  try {
    return await Promise.race([pending, heartbeat]);
  } finally {
    stop.abort();
  }
}

/** With limits, each consumer of a shard gets so many bytes a second, however fast it reads. */
async function keepPace({ records }: ShardPush, { clock, limits }: ShardServices, signal: AbortSignal): Promise<void> {
  if (limits === undefined) return;
  const waitMs = (records.dataBytes / limits.table.shardReadBytesPerSecond) * 1000;
  await clock.delay(waitMs, signal).catch(() => undefined);
}
