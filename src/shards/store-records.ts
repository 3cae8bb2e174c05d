import { EngineError, PartialAppendError } from "../engine/engine-error.ts";
import type { AppendBatch } from "../engine/shard-log.ts";
import { KeyError } from "../keys/key-provider.ts";
import { recordFailure } from "../model/record-errors.ts";
import { shardRateText } from "../model/shard-errors.ts";
import { streamNotFound } from "../model/stream-errors.ts";
import { batchByShard, type ShardBatches } from "../records/batch-by-shard.ts";
import { type EntryEncoding, encodeBatch } from "../records/entry-encoding.ts";
import type { IncomingRecords } from "../records/incoming-records.ts";
import type { PutResults } from "../records/put-results.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import { HASH_KEY_WORDS, writeHashKey } from "../streams/hash-keys/hash-key.ts";
import type { ShardMap } from "../streams/hash-keys/shard-map.ts";
import { formatShardId } from "../streams/positions/shard-id.ts";
import type { Stream } from "../streams/stream.ts";
import { PutResultColumns, type RecordFailure, throttledCode } from "./put-result-columns.ts";
import { putTrafficOf } from "./put-traffic.ts";
import type { ShardServices } from "./shard-services.ts";
import type { PutOperation } from "./stream-metrics.ts";

/**
 * How long fenced records wait for the split, merge or change of settings to be visible. Where an engine's servers elect a
 * leader first, or another gateway carries on the change of one that was lost, that takes up to 9 s.
 */
const switchWaitMsMax = 12_000;

/** A merge right behind a split may seal a child again before its first record arrives; more than this is a fault. */
const routesMax = 4;

/** The slot that the next request of an AUTO stream begins with. One count for all streams spreads as evenly as one each. */
let nextAutoSlot = 0;

/**
 * Routes the records to the open shards of the stream and stores them: one append, one await, whatever the number of
 * shards. Each record succeeds or fails alone. Records that meet a shard sealed by a split or merge, or a later settings epoch,
 * are routed and encoded again by the stream's next revision; they have not been stored, so nothing is stored twice.
 *
 * `operation`: as which it is counted, unless it throws. Errors: ResourceNotFoundException, KeyError.
 */
export async function storeRecords(
  services: ShardServices,
  stream: StreamRevision,
  records: IncomingRecords,
  operation: PutOperation = "PutRecords",
): Promise<PutResults> {
  const startedMs = services.clock.monotonicMs();
  const results = new PutResultColumns(records.count);
  let revision = stream;
  let routed = routable(records, revision);
  const first = routed;
  const known = encodingOf(services, revision);
  let encoding = known instanceof Promise ? await known : known;
  let { slots, admitted } = admit(services, revision, routed, results);
  for (let route = 1; ; route++) {
    const kms = revision.stream.encryption !== undefined;
    const batches = batchByShard(routed, revision.shardMap, admitted, { kms, slots });
    const timeMs = services.clock.nowMs();
    let positions: BigUint64Array;
    try {
      positions = await append(services, revision, batches, { timeMs, encoding });
    } catch (error) {
      const partly = await addFailures(services, revision, { results, batches, error });
      if (partly === undefined) break;
      positions = partly;
    }

    reportGrowth(services, revision, batches, positions);
    admitted = results.add(batches, positions, revision.shardMap, timeMs);
    if (admitted === undefined) break;
    const next = route === routesMax ? undefined : await nextRoute(services, revision);
    if (next === undefined) {
      results.failMasked(admitted, recordFailure);
      break;
    }
    ({ revision, encoding } = next);
    routed = routable(records, revision);
    slots = undefined;
  }
  const { clock, traffic, counts } = services;
  const durationMs = clock.monotonicMs() - startedMs;
  const put = putTrafficOf({ records: first, results, shardMap: stream.shardMap, durationMs });
  traffic.countPut(stream, operation, put);
  counts.countPut(stream, put, clock.nowMs());
  return results;
}

/** Disposes of the memory of the batches when the engine has copied them. */
function append(
  { log }: ShardServices,
  revision: StreamRevision,
  batches: ShardBatches,
  { timeMs, encoding }: { readonly timeMs: number; readonly encoding: EntryEncoding | undefined },
): Promise<BigUint64Array> {
  const batch = toAppendBatch(batches, revision, timeMs);
  const encoded = encoding === undefined ? undefined : encodeBatch(batch, encoding);
  try {
    return log.appendBatch(encoded?.batch ?? batch);
  } finally {
    encoded?.lease[Symbol.dispose]();
    batches.lease?.[Symbol.dispose]();
  }
}

function toAppendBatch(batches: ShardBatches, revision: StreamRevision, timeMs: number): AppendBatch {
  const { batchCount: count, slots: shardOf, recordCounts, bytes, bodyStarts, bodyBytes } = batches;
  const timesMs = new Float64Array(count).fill(timeMs);
  const { settingsEpoch = 0 } = revision.stream;
  return {
    count,
    shards: revision.openRefs,
    shardOf,
    recordCounts,
    timesMs,
    bytes,
    bodyStarts,
    bodyBytes,
    settingsEpoch,
  };
}

/** `positions`: of each batch its first record, 0 where it is fenced. */
function reportGrowth(
  { growth }: ShardServices,
  { stream, shardMap }: StreamRevision,
  { batchCount, slots, batchOfRecord }: ShardBatches,
  positions: BigUint64Array,
): void {
  const listener = growth.listenerOf(stream.id);
  if (listener === undefined) return;
  // The batches' own column of counts belongs to a later request by now.
  const recordCounts = new Uint16Array(batchCount);
  for (let i = 0; i < batchOfRecord.length; i++) {
    const batch = batchOfRecord[i] as number;
    if (batch >= 0) recordCounts[batch] = (recordCounts[batch] as number) + 1;
  }
  for (let batch = 0; batch < batchCount; batch++) {
    const position = Number(positions[batch]);
    if (position === 0) continue;
    listener(shardMap.indexes[slots[batch] as number] as number, position + (recordCounts[batch] as number));
  }
}

/** Undefined for entries that are stored as they are. A promise only for a key that is not in memory. Errors: KeyError. */
function encodingOf(
  services: ShardServices,
  revision: StreamRevision,
): EntryEncoding | undefined | Promise<EntryEncoding> {
  const { keys, compresses } = services;
  if (revision.stream.encryption === undefined) return compresses ? { compresses } : undefined;
  const key = keys.cachedWriteKey(revision);
  return key === undefined ? encodingWithKey(services, revision) : { compresses, key };
}

async function encodingWithKey(services: ShardServices, revision: StreamRevision): Promise<EntryEncoding> {
  try {
    return { compresses: services.compresses, key: await services.keys.writeKey(revision) };
  } catch (error) {
    throw (await isDeleted(error, services, revision)) ? streamNotFound(revision.stream) : error;
  }
}

interface Route {
  readonly revision: StreamRevision;
  readonly encoding: EntryEncoding | undefined;
}

/**
 * Where fenced records go, encoded as the stream is by then. Undefined as for `switchedFrom()`, and for a key that
 * cannot be used: other records of the request may be stored, so these fail alone.
 */
async function nextRoute(services: ShardServices, fenced: StreamRevision): Promise<Route | undefined> {
  const revision = await switchedFrom(services, fenced);
  if (revision === undefined) return undefined;
  try {
    return { revision, encoding: await encodingOf(services, revision) };
  } catch (error) {
    if (error instanceof KeyError) return undefined;
    throw error;
  }
}

/**
 * The revision with other shards in the place of sealed ones, or with a later settings epoch; undefined when none comes in
 * time, or ever will.
 */
async function switchedFrom(
  { registry, clock }: ShardServices,
  revision: StreamRevision,
): Promise<StreamRevision | undefined> {
  const giveUp = new AbortController();
  const found = new AbortController();
  const waited = clock.delay(switchWaitMsMax, found.signal).then(
    () => giveUp.abort(),
    () => undefined,
  );
  try {
    for (let known = revision; ; ) {
      if (!(await registry.superseded(known, giveUp.signal))) return undefined;
      const next = registry.current(known);
      if (next === undefined || next.stream.status === "DELETING") return undefined;
      // Tags and consumers may change before the switch is written.
      if (isSwitched(revision.stream, next.stream)) return next;
      known = next;
    }
  } finally {
    found.abort();
    await waited;
  }
}

function isSwitched(before: Stream, after: Stream): boolean {
  return after.nextShardIndex !== before.nextShardIndex || (after.settingsEpoch ?? 0) !== (before.settingsEpoch ?? 0);
}

/** Whether the logs are gone because the stream is being deleted, which its document may say a moment later. */
async function isDeleted(error: unknown, { registry }: ShardServices, revision: StreamRevision): Promise<boolean> {
  if (!(error instanceof EngineError && error.kind === "not_found")) return false;
  // Another gateway may have deleted the stream.
  if (registry.isShared) await registry.catchUp();
  const current = registry.current(revision);
  return current === undefined || current.stream.status === "DELETING";
}

/** The records with the hash keys that route them: their own, or those of open shards in turn. */
function routable(records: IncomingRecords, { stream, shardMap }: StreamRevision): IncomingRecords {
  return stream.recordDistribution === "AUTO" ? spreadEvenly(records, shardMap, nextAutoSlot++) : records;
}

/**
 * Routes the records of a stream with RecordDistributionStrategy AUTO: partition keys and explicit hash keys are ignored
 * and the open shards take turns, beginning with slot `firstSlot`.
 */
function spreadEvenly(records: IncomingRecords, map: ShardMap, firstSlot: number): IncomingRecords {
  const hashKeys = new Uint32Array(HASH_KEY_WORDS * records.count);
  for (let i = 0; i < records.count; i++) {
    const shard = map.shardAt((firstSlot + i) % map.shards.length);
    writeHashKey(shard.startingHashKey, hashKeys, HASH_KEY_WORDS * i);
  }
  return { ...records, hashKeys };
}

interface Admission {
  /** By record: the slot of its shard. Absent without limits, which need it before the records are batched. */
  slots?: Uint16Array | undefined;
  /** The mask of admitted records; absent when it is all of them. */
  admitted?: Uint8Array | undefined;
}

/** Asks the rates of the shards. A record that is not admitted fails with its shard's throttle. */
function admit(
  { limits }: ShardServices,
  { stream, shardMap }: StreamRevision,
  records: IncomingRecords,
  results: PutResultColumns,
): Admission {
  if (limits === undefined) return {};
  const slots = shardMap.routeAll(records.hashKeys, records.count);
  const partly = limits.admitRecords({ records, slots, map: shardMap }, stream);
  if (partly === undefined) return { slots };
  const { admitted } = partly;
  for (let i = 0; i < records.count; i++) {
    if (admitted[i] === 1) continue;
    const shardId = formatShardId(shardMap.shardAt(slots[i] ?? 0).index);
    results.failOne(i, { code: throttledCode, message: shardRateText(stream, shardId) });
  }
  return { slots, admitted };
}

/**
 * Adds the failures of an append. Resolves with the positions of what did not fail; undefined when all of it failed. Errors:
 * ResourceNotFoundException when the stream was deleted.
 */
async function addFailures(
  services: ShardServices,
  revision: StreamRevision,
  {
    results,
    batches,
    error,
  }: { readonly results: PutResultColumns; readonly batches: ShardBatches; readonly error: unknown },
): Promise<BigUint64Array | undefined> {
  if (await isDeleted(error, services, revision)) throw streamNotFound(revision.stream);
  if (!(error instanceof PartialAppendError)) {
    results.fail(batches, failureOf(error));
    return undefined;
  }
  results.failBatches(batches, new Map([...error.failures].map(([batch, one]) => [batch, failureOf(one)])));
  return error.positions;
}

function failureOf(error: unknown): RecordFailure {
  if (!(error instanceof EngineError)) throw error;
  if (error.kind === "throttled") return { code: throttledCode, message: error.message };
  if (error.kind === "unavailable" || error.kind === "indeterminate" || error.kind === "not_found") {
    return { code: recordFailure.code, message: error.message };
  }
  return recordFailure;
}
