// What has to hold for every stream after every step.
import assert from "node:assert/strict";
import {
  checkHashRanges,
  type HashKeyRange,
  type ListedShard,
  listShards,
  type PageOutput,
} from "../../support/listed-shards.ts";
import type { TestServer } from "../../support/test-server.ts";
import { type ModelShard, numberParts, type StreamModel, shardId, shardIndexOf } from "./stream-model.ts";

/** All of it: status and settings, shards and their numbers, and every record from the trim horizon on. */
export async function checkStream(server: TestServer, model: StreamModel, nowMs: number): Promise<void> {
  await checkSettings(server, model);
  if (model.status !== "ACTIVE" && model.status !== "UPDATING") return;
  await checkShards(server, model, nowMs);
  await checkRecords(server, model, nowMs);
}

async function checkSettings(server: TestServer, model: StreamModel): Promise<void> {
  const { StreamDescriptionSummary: summary } = await server.expectOk<{
    StreamDescriptionSummary: Record<string, unknown>;
  }>("DescribeStreamSummary", { StreamName: model.name });
  const { StreamStatus, StreamModeDetails, RetentionPeriodHours, OpenShardCount, ConsumerCount } = summary;
  assert.deepEqual(
    {
      StreamStatus,
      StreamModeDetails,
      RetentionPeriodHours,
      OpenShardCount,
      ConsumerCount,
      EncryptionType: summary["EncryptionType"],
      MaxRecordSizeInKiB: summary["MaxRecordSizeInKiB"],
      EnhancedMonitoring: summary["EnhancedMonitoring"],
    },
    {
      StreamStatus: model.status,
      StreamModeDetails: { StreamMode: model.onDemand ? "ON_DEMAND" : "PROVISIONED" },
      RetentionPeriodHours: model.retentionHours,
      OpenShardCount: model.open.length,
      ConsumerCount: model.consumers.size,
      EncryptionType: model.encrypted ? "KMS" : "NONE",
      MaxRecordSizeInKiB: model.recordKiB,
      EnhancedMonitoring: [{ ShardLevelMetrics: model.monitored ? ["IncomingBytes"] : [] }],
    },
    "settings",
  );
}

async function checkShards(server: TestServer, model: StreamModel, nowMs: number): Promise<void> {
  const listed = await listShards(server, model.name);
  const indexes = listed.map(({ ShardId }) => shardIndexOf(ShardId));
  for (const [i, shard] of listed.entries()) {
    checkShard(model, model.shard(indexes[i] ?? -1), shard);
  }
  assert.deepEqual(
    indexes,
    indexes.toSorted((one, other) => one - other),
    "shards are listed in the order of their ids",
  );
  for (const shard of model.shards.values()) {
    const rule = model.listed(shard, nowMs);
    if (rule === "maybe") continue;
    assert.equal(indexes.includes(shard.index), rule === "yes", `${shardId(shard.index)} is listed`);
  }
  checkHashRanges(listed.filter(({ SequenceNumberRange: range }) => range.EndingSequenceNumber === undefined));
}

function checkShard(model: StreamModel, shard: ModelShard, listed: ListedShard): void {
  const { StartingSequenceNumber, EndingSequenceNumber } = listed.SequenceNumberRange;
  const [parent, adjacent] = shard.parents.map(shardId);
  assert.deepEqual(
    [listed.ParentShardId, listed.AdjacentParentShardId, listed.HashKeyRange, EndingSequenceNumber !== undefined],
    [parent, adjacent, rangeOf(shard), shard.closedMs !== undefined],
    `${listed.ShardId}: parents, range and state`,
  );
  const starting = BigInt(StartingSequenceNumber);
  if (shard.startingNumber === undefined) checkBirth(model, shard, starting);
  assert.equal(starting, shard.startingNumber, "a shard keeps its starting number");
  if (EndingSequenceNumber === undefined) return;
  const ending = BigInt(EndingSequenceNumber);
  if (shard.endingNumber === undefined) {
    shard.endingNumber = ending;
    assert.equal(numberParts(ending).counter, 2n ** 63n - 1n);
    assert(ending > (shard.records.at(-1)?.number ?? starting), "an ending is above every record");
  }
  assert.equal(ending, shard.endingNumber, "a closed shard keeps its ending number");
}

function checkBirth(model: StreamModel, shard: ModelShard, starting: bigint): void {
  const { createSecond, counter, second, shardIndex } = numberParts(starting);
  assert.deepEqual([counter, shardIndex, second], [0n, shard.index, createSecond], "the parts of a starting number");
  assert(starting > model.numberFloor, "a stream's numbers are above those of earlier streams of its name");
  for (const index of shard.parents) {
    const { endingNumber } = model.shard(index);
    assert(endingNumber !== undefined && starting > endingNumber, "a child's numbers are above its parents'");
    assert.equal(createSecond, numberParts(endingNumber).second + 1, "a child begins a second after its parents' end");
  }
  shard.startingNumber = starting;
}

async function checkRecords(server: TestServer, model: StreamModel, nowMs: number): Promise<void> {
  const roots = await listShards(server, model.name, { Type: "AT_TRIM_HORIZON" });
  checkHashRanges(roots);
  const queue = roots.map(({ ShardId }) => shardIndexOf(ShardId));
  const visited = new Set<number>();
  for (let index = queue.shift(); index !== undefined; index = queue.shift()) {
    if (visited.has(index)) continue;
    visited.add(index);
    queue.push(...(await readShard(server, model, model.shard(index), nowMs)));
  }
  for (const shard of model.shards.values()) {
    const needed = shard.records.some((record) => !record.wasExpired);
    assert(!needed || visited.has(shard.index), `a reader from the trim horizon comes to ${shardId(shard.index)}`);
  }
}

/** Reads a shard from the trim horizon to its end or tip and gives its children, if it has ended. */
async function readShard(
  server: TestServer,
  model: StreamModel,
  shard: ModelShard,
  nowMs: number,
): Promise<readonly number[]> {
  const { ShardIterator } = await server.expectOk<{ readonly ShardIterator: string }>("GetShardIterator", {
    StreamName: model.name,
    ShardId: shardId(shard.index),
    ShardIteratorType: "TRIM_HORIZON",
  });
  let next = 0;
  let token = ShardIterator;
  for (;;) {
    const page = await server.expectOk<PageOutput>("GetRecords", { ShardIterator: token });
    next = checkPage(model, shard, { from: next, limit: 10_000 }, page, nowMs);
    if (page.NextShardIterator === undefined)
      return (page.ChildShards ?? []).map((child) => shardIndexOf(child.ShardId));
    const isTip = next === shard.records.length || page.Records.length === 0;
    if (isTip && shard.closedMs === undefined) return [];
    token = page.NextShardIterator;
  }
}

/** Holds a page to the model; gives the place behind it. */
export function checkPage(
  model: StreamModel,
  shard: ModelShard,
  { from, limit }: { readonly from: number; readonly limit: number },
  page: PageOutput,
  nowMs: number,
): number {
  const at = `${model.name} ${shardId(shard.index)} from ${from}`;
  const { first, last } = model.readable(shard, from, nowMs);
  const numbers = page.Records.map((record) => BigInt(record.SequenceNumber));
  const [firstNumber] = numbers;
  const start = firstNumber === undefined ? last : shard.records.findIndex(({ number }) => number === firstNumber);
  assert(start !== -1, `${at}: no record of another shard, none made up`);
  assert(start >= first && start <= last, `${at}: begins at ${start}, not within ${first} to ${last}`);
  const expected = shard.records.slice(start, start + limit);
  if (numbers.length === 0) assert.equal(expected.length, 0, `${at}: records are waiting`);
  assert.deepEqual(
    page.Records,
    expected.map((record) => ({
      ApproximateArrivalTimestamp: record.arrivalMs / 1000,
      Data: Buffer.from(record.data).toString("base64"),
      ...(record.kms ? { EncryptionType: "KMS" } : {}),
      PartitionKey: record.key,
      SequenceNumber: record.number.toString(),
    })),
    `${at}: records`,
  );
  const next = numbers.length === 0 ? from : start + numbers.length;
  const isAtTip = (numbers.length === 0 ? last : next) === shard.records.length;
  const lastRead = expected.at(-1)?.arrivalMs ?? nowMs;
  assert.equal(page.MillisBehindLatest, isAtTip ? 0 : Math.max(0, nowMs - lastRead), `${at}: MillisBehindLatest`);

  const mayEnd = shard.closedMs !== undefined && isAtTip;
  if (page.NextShardIterator !== undefined) {
    assert.equal(page.ChildShards, undefined, `${at}: ChildShards beside an iterator`);
    assert(!mayEnd || numbers.length > 0, `${at}: an empty page at the end of a closed shard ends it`);
    return next;
  }
  assert(mayEnd, `${at}: only a closed shard ends`);
  assert.deepEqual(
    page.ChildShards,
    model.children(shard.index).map((child) => ({
      HashKeyRange: rangeOf(child),
      ParentShards: child.parents.map(shardId),
      ShardId: shardId(child.index),
    })),
    `${at}: ChildShards`,
  );
  assert(page.ChildShards !== undefined && page.ChildShards.length > 0);
  return next;
}

function rangeOf({ start, end }: ModelShard): HashKeyRange {
  return { EndingHashKey: end.toString(), StartingHashKey: start.toString() };
}
