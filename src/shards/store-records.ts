import { EngineError } from "../engine/engine-error.ts";
import type { AppendBatch } from "../engine/shard-log.ts";
import { recordFailure } from "../model/record-errors.ts";
import { shardRateText } from "../model/shard-errors.ts";
import { streamNotFound } from "../model/stream-errors.ts";
import { batchByShard, type ShardBatches } from "../records/batch-by-shard.ts";
import { type EntryEncoding, encodeBatch } from "../records/entry-encoding.ts";
import type { IncomingRecords } from "../records/incoming-records.ts";
import type { PutResults } from "../records/put-results.ts";
import { spreadEvenly } from "../records/spread-evenly.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { formatShardId } from "../streams/positions/shard-id.ts";
import { PutResultColumns, type RecordFailure, throttledCode } from "./put-result-columns.ts";
import { hasShardMetrics } from "./shard-metrics.ts";
import type { ShardServices } from "./shard-services.ts";

/** How long records that met a sealed shard wait for the split or merge to be visible. */
const switchWaitMsMax = 5_000;

/** A merge right behind a split may seal a child again before its first record arrives; more than this is a fault. */
const routesMax = 4;

/** Which shard an AUTO stream's next request begins with. One count for all streams spreads as evenly as one each. */
let autoTurn = 0;

/**
 * Routes the records to the open shards of the stream and stores them: one append, one await, whatever the number of
 * shards. Each record succeeds or fails alone. Records that meet a shard sealed by a split or merge are routed again by
 * the stream's next revision; they have not been stored, so nothing is stored twice.
 *
 * Takes the records over: their memory is given back when it returns.
 */
export async function storeRecords(
  room: ShardServices,
  stream: StreamRevision,
  records: IncomingRecords,
): Promise<PutResults> {
  try {
    return await store(room, stream, records);
  } finally {
    records.release?.();
  }
}

async function store(room: ShardServices, stream: StreamRevision, records: IncomingRecords): Promise<PutResults> {
  const results = new PutResultColumns(records.count);
  let live = stream;
  let placed = place(records, live);
  const first = placed;
  const kms = live.stream.encryption !== undefined;
  // Waits only for a key that is not at hand; plain records never do.
  const seal = kms ? (room.keys.sealAtHand(live) ?? (await sealOf(room, live))) : undefined;
  const packing: EntryEncoding | undefined = kms || room.compresses ? { compresses: room.compresses, seal } : undefined;
  // Limits ask for each record's shard before it is laid out; without them laying out routes as it goes.
  let slots = room.limits === undefined ? undefined : live.shardMap.routeAll(placed.hashKeys, placed.count);
  let admitted = slots === undefined ? undefined : admit(room, live, { records: placed, slots }, results);
  for (let route = 1; ; route++) {
    const laidOut = batchByShard(placed, live.shardMap, admitted, { kms, slots });
    const timeMs = room.clock.nowMs();
    const batch = toAppendBatch(laidOut, live, timeMs);
    let positions: BigUint64Array;
    try {
      positions = await room.log.appendBatch(packing === undefined ? batch : encodeBatch(batch, packing));
    } catch (error) {
      if (isGone(error, room, live)) throw streamNotFound(live.stream);
      results.fail(laidOut, failureOf(error));
      break;
    }

    admitted = results.take(laidOut, positions, live.shardMap, timeMs);
    if (admitted === undefined) break;
    const next = route === routesMax ? undefined : await switchedFrom(room, live);
    if (next === undefined) {
      results.failRemaining(admitted, recordFailure);
      break;
    }
    live = next;
    placed = place(records, live);
    slots = undefined;
  }
  if (hasShardMetrics(stream.stream)) room.traffic.countPut(stream, first, results);
  return results;
}

/** One request at a time is laid out and appended, without an await in between. */
let timesMs = new Float64Array(1);

/** What was laid out, for the engine to store. */
function toAppendBatch(laidOut: ShardBatches, live: StreamRevision, timeMs: number): AppendBatch {
  const { groupCount: count, slots: shardOf, recordCounts, bytes, bodyStarts, bodyBytes } = laidOut;
  if (timesMs.length < count) timesMs = new Float64Array(count);
  for (let entry = 0; entry < count; entry++) timesMs[entry] = timeMs;
  return { count, shards: live.openRefs, shardOf, recordCounts, timesMs, bytes, bodyStarts, bodyBytes };
}

/** Errors: KeyError. */
async function sealOf(room: ShardServices, live: StreamRevision): Promise<EntryEncoding["seal"]> {
  try {
    return await room.keys.seal(live);
  } catch (error) {
    throw isGone(error, room, live) ? streamNotFound(live.stream) : error;
  }
}

/** The stream with other shards in the place of sealed ones; undefined when none come in time, or never will. */
async function switchedFrom(
  { registry, clock }: ShardServices,
  live: StreamRevision,
): Promise<StreamRevision | undefined> {
  const giveUp = new AbortController();
  const answered = new AbortController();
  const waited = clock.delay(switchWaitMsMax, answered.signal).then(
    () => giveUp.abort(),
    () => undefined,
  );
  try {
    for (let known = live; ; ) {
      if (!(await registry.superseded(known, giveUp.signal))) return undefined;
      const next = registry.current(known);
      if (next === undefined || next.stream.status === "DELETING") return undefined;
      // Tags and consumers may change before the switch is written.
      if (next.stream.nextShardIndex !== live.stream.nextShardIndex) return next;
      known = next;
    }
  } finally {
    answered.abort();
    await waited;
  }
}

/** Whether the logs are gone because the stream is on its way out, which its document may say a moment later. */
function isGone(error: unknown, { registry }: ShardServices, live: StreamRevision): boolean {
  if (!(error instanceof EngineError && error.kind === "not_found")) return false;
  const current = registry.current(live);
  return current === undefined || current.stream.status === "DELETING";
}

function place(records: IncomingRecords, live: StreamRevision): IncomingRecords {
  return live.stream.recordDistribution === "AUTO" ? spreadEvenly(records, live.shardMap, autoTurn++) : records;
}

/** The records that their shards' rates let through, undefined for all; the others fail each with its shard's throttle. */
function admit(
  { limits }: ShardServices,
  { stream, shardMap }: StreamRevision,
  { records, slots }: { readonly records: IncomingRecords; readonly slots: Uint16Array },
  results: PutResultColumns,
): Uint8Array | undefined {
  const partly = limits?.admitRecords({ records, slots, map: shardMap }, stream);
  if (partly === undefined) return undefined;
  for (let i = 0; i < records.count; i++) {
    if (partly.admitted[i] === 1) continue;
    const shardId = formatShardId(shardMap.shardAt(slots[i] ?? 0).index);
    results.failOne(i, { code: throttledCode, message: shardRateText(stream, shardId) });
  }
  return partly.admitted;
}

function failureOf(error: unknown): RecordFailure {
  if (!(error instanceof EngineError)) throw error;
  if (error.kind === "throttled") return { code: throttledCode, message: error.message };
  return recordFailure;
}
