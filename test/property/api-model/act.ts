// Carries out one step on the server and on the model, and compares the answers.
import assert from "node:assert/strict";
import { checkHashRanges, listShards, type PageOutput } from "../../support/listed-shards.ts";
import { actOnSettings } from "./act-on-settings.ts";
import { arnOf, expect, inUse, invalid, notFound, refusalOf, refusals } from "./ask.ts";
import { checkPage } from "./check-stream.ts";
import type { Step } from "./step.ts";
import {
  indexOrLength,
  type ModelShard,
  numberParts,
  type StreamModel,
  shardId,
  shardIndexOf,
} from "./stream-model.ts";
import type { World } from "./world.ts";

const iteratorLifeMs = 300_000;

export async function act(world: World, step: Step): Promise<void> {
  await perform(world, step);
  await world.finishDue();
  await world.check("stream" in step ? nameOf(step.stream) : undefined);
  if (step.do === "restart" || step.do === "clock-step" || step.do === "wait") await world.checkAll();
}

async function perform(world: World, step: Step): Promise<void> {
  switch (step.do) {
    case "create":
      return await create(world, nameOf(step.stream), step.shards);
    case "wait":
      return await world.wait(step.ms);
    case "clock-step":
      return await world.stepClock(step.ms);
    case "restart":
      return await world.restart();
    case "read":
      return await read(world, step.iterator, step.limit);
    default:
      return await performOn(world, step, nameOf(step.stream), world.streams.get(nameOf(step.stream)));
  }
}

type StreamStep = Exclude<Step, { do: "create" | "wait" | "clock-step" | "restart" | "read" }>;

async function performOn(world: World, step: StreamStep, name: string, model: StreamModel | undefined): Promise<void> {
  switch (step.do) {
    case "delete":
      return await remove(world, name, model, step.enforce);
    case "put":
      return await put(world, name, model, step);
    case "put-batch":
      return await putBatch(world, name, model, step);
    case "split":
      return await split(world, model, step);
    case "merge":
      return await merge(world, model, step);
    case "resize":
      return await resize(world, name, model, step.target);
    case "iterator":
      return await iterate(world, model, step);
    case "list":
      return await list(world, model, step.time);
    default:
      return await actOnSettings(world, step, name, model);
  }
}

async function create(world: World, name: string, shardCount: number): Promise<void> {
  const input = shardCount === 0 ? { StreamName: name } : { StreamName: name, ShardCount: shardCount };
  await expect(world, "CreateStream", input, world.streams.has(name) ? inUse : undefined);
  if (!world.streams.has(name)) world.create(name, shardCount);
}

async function remove(world: World, name: string, model: StreamModel | undefined, enforce: boolean): Promise<void> {
  const blocked = model?.status === "DELETING" || (!enforce && (model?.consumers.size ?? 0) > 0);
  const refusal = model === undefined ? notFound : blocked ? inUse : undefined;
  await expect(world, "DeleteStream", { StreamName: name, EnforceConsumerDeletion: enforce }, refusal);
  if (model !== undefined && refusal === undefined) world.begin(model, "delete", "DELETING");
}

interface NewRecord {
  readonly key: string;
  readonly data: string;
  readonly place: bigint | undefined;
}

function newRecord(world: World, key: number, place?: number): NewRecord {
  world.recordCount += 1;
  const hashKey = place === undefined ? undefined : place === 1 ? 2n ** 128n - 1n : fractionOf(2n ** 128n, place);
  return { key: `key-${key}`, data: `record ${world.recordCount}`, place: hashKey };
}

function tagsAndPolicyOf({ key, data, place }: NewRecord): object {
  const explicit = place === undefined ? {} : { ExplicitHashKey: place.toString() };
  return { PartitionKey: key, Data: Buffer.from(data).toString("base64"), ...explicit };
}

interface PutOutput {
  readonly ShardId: string;
  readonly SequenceNumber: string;
}

async function put(
  world: World,
  name: string,
  model: StreamModel | undefined,
  step: Extract<Step, { do: "put" }>,
): Promise<void> {
  const record = newRecord(world, step.key, step.place);
  const input = { StreamName: name, ...tagsAndPolicyOf(record) };
  const output = await expect<PutOutput>(world, "PutRecord", input, refusalOf(model, "put"));
  if (model !== undefined && output !== undefined) remember(world, model, record, output);
}

async function putBatch(
  world: World,
  name: string,
  model: StreamModel | undefined,
  step: Extract<Step, { do: "put-batch" }>,
): Promise<void> {
  const records = Array.from({ length: step.count }, (_, i) => newRecord(world, (step.key + i * 3) % 11));
  const input = { StreamName: name, Records: records.map(tagsAndPolicyOf) };
  const output = await expect<{ readonly FailedRecordCount: number; readonly Records: readonly PutOutput[] }>(
    world,
    "PutRecords",
    input,
    refusalOf(model, "put"),
  );
  if (model === undefined || output === undefined) return;
  assert.deepEqual([output.FailedRecordCount, output.Records.length], [0, records.length]);
  for (const [i, record] of records.entries()) {
    const result: PutOutput | undefined = output.Records[i];
    assert(result !== undefined);
    remember(world, model, record, result);
  }
}

function remember(world: World, model: StreamModel, record: NewRecord, output: PutOutput): void {
  const shard = model.route(record.key, record.place) ?? model.shard(shardIndexOf(output.ShardId));
  assert.equal(output.ShardId, shardId(shard.index), `${record.key} goes to the shard of its hash key`);
  assert.equal(shard.closedMs, undefined, "records go to open shards");
  const number = BigInt(output.SequenceNumber);
  const previous = shard.records.at(-1);
  assert(number > (previous?.number ?? shard.startingNumber ?? 0n), "numbers grow along a shard");
  assert.equal(numberParts(number).shardIndex, shard.index);
  shard.records.push({
    number,
    key: record.key,
    data: record.data,
    kms: model.encrypted,
    arrivalMs: Math.max(world.nowMs, previous?.arrivalMs ?? 0),
    wasExpired: false,
  });
}

/** On-demand streams are not resharded by callers. */
function reshardRefusal(model: StreamModel): string | undefined {
  return refusals.change[model.status] ?? (model.onDemand ? "ValidationException" : undefined);
}

async function split(
  world: World,
  model: StreamModel | undefined,
  step: Extract<Step, { do: "split" }>,
): Promise<void> {
  const shard = model === undefined ? undefined : pickShard(model, step.shard, world.nowMs);
  if (model === undefined || shard === undefined) return;
  const { start, end } = shard;
  const place =
    step.at === 0
      ? start + 1n
      : step.at === 1
        ? end
        : step.at === 0.001
          ? start + 2n
          : start + fractionOf(end - start, step.at);
  const legal = place > start + 1n && place < end;
  const refusal = reshardRefusal(model) ?? (shard.closedMs !== undefined || !legal ? invalid : undefined);
  const input = { StreamName: model.name, ShardToSplit: shardId(shard.index), NewStartingHashKey: place.toString() };
  await expect(world, "SplitShard", input, refusal);
  if (refusal !== undefined) return;
  const parents = [shard.index];
  const opening = [
    { parents, start, end: place - 1n },
    { parents, start: place, end },
  ];
  world.begin(model, { closing: parents, opening }, "UPDATING");
}

async function merge(
  world: World,
  model: StreamModel | undefined,
  step: Extract<Step, { do: "merge" }>,
): Promise<void> {
  const pair = model === undefined ? undefined : pickPair(world, model, step);
  if (model === undefined || pair === undefined) return;
  const [one, other] = pair;
  const closed = one.closedMs !== undefined || other.closedMs !== undefined;
  const refusal = reshardRefusal(model) ?? (closed || one.end + 1n !== other.start ? invalid : undefined);
  const parents = [one.index, other.index];
  const input = {
    StreamName: model.name,
    ShardToMerge: shardId(one.index),
    AdjacentShardToMerge: shardId(other.index),
  };
  await expect(world, "MergeShards", input, refusal);
  if (refusal !== undefined) return;
  world.begin(model, { closing: parents, opening: [{ parents, start: one.start, end: other.end }] }, "UPDATING");
}

function pickPair(
  world: World,
  model: StreamModel,
  step: Extract<Step, { do: "merge" }>,
): readonly [ModelShard, ModelShard] | undefined {
  const { open } = model;
  const at = Math.floor(step.shard * Math.max(1, open.length - 1));
  const lower = open[at];
  if (lower === undefined) return undefined;
  const upper = step.how === "any" ? (pickShard(model, step.shard, world.nowMs) ?? lower) : (open[at + 1] ?? lower);
  return step.how === "reversed" ? [upper, lower] : [lower, upper];
}

async function resize(world: World, name: string, model: StreamModel | undefined, target: number): Promise<void> {
  const refusal = model === undefined ? notFound : reshardRefusal(model);
  const output = await expect<{ readonly CurrentShardCount: number; readonly TargetShardCount: number }>(
    world,
    "UpdateShardCount",
    { StreamName: name, TargetShardCount: target, ScalingType: "UNIFORM_SCALING" },
    refusal,
  );
  if (model === undefined || output === undefined) return;
  const openCount = model.open.length;
  assert.deepEqual([output.CurrentShardCount, output.TargetShardCount], [openCount, target]);
  if (target !== openCount) world.begin(model, { target }, "UPDATING");
}

async function iterate(
  world: World,
  model: StreamModel | undefined,
  step: Extract<Step, { do: "iterator" }>,
): Promise<void> {
  if (model === undefined || (model.status === "CREATING" && model.shards.size === 0)) return;
  const shard = pickShard(model, step.shard, world.nowMs);
  if (shard === undefined) return;
  const record = shard.records[Math.floor(step.record * shard.records.length)];
  if (record === undefined && step.type.endsWith("SEQUENCE_NUMBER") && shard.startingNumber === undefined) return;
  const place = iteratorPlace(world, shard, step, record?.number ?? shard.startingNumber);
  const input = {
    StreamName: model.name,
    ShardId: shardId(shard.index),
    ShardIteratorType: step.type,
    ...place.members,
  };
  const output = await expect<{ readonly ShardIterator: string }>(world, "GetShardIterator", input, place.refusal);
  if (output === undefined) return;
  const horizon = model.horizonMs(world.nowMs);
  const from =
    place.from ??
    indexOrLength(shard.records, ({ arrivalMs }) => arrivalMs >= Math.max(horizon, place.timeMs ?? horizon));
  world.hold({ token: output.ShardIterator, stream: model, shard, from, createdMs: world.nowMs });
  await read(world, 0.999_999, 10_000);
}

interface IteratorPlace {
  readonly members: object;
  readonly refusal?: string;
  readonly from?: number;
  readonly timeMs?: number;
}

function iteratorPlace(
  world: World,
  shard: ModelShard,
  { type, record: fraction }: Extract<Step, { do: "iterator" }>,
  number: bigint | undefined,
): IteratorPlace {
  const at = shard.records.findIndex((record) => record.number === number);
  switch (type) {
    case "AT_SEQUENCE_NUMBER":
      return { members: { StartingSequenceNumber: String(number) }, from: Math.max(0, at) };
    case "AFTER_SEQUENCE_NUMBER":
      return { members: { StartingSequenceNumber: String(number) }, from: at + 1 };
    case "LATEST":
      return { members: {}, from: shard.records.length };
    case "TRIM_HORIZON":
      return { members: {} };
    case "AT_TIMESTAMP": {
      // Around a record's arrival where there is one, else around the present.
      const offsetMs = Math.floor(fraction * 5) - 2;
      const arrivalMs = shard.records[Math.floor(fraction * shard.records.length)]?.arrivalMs;
      const timeMs = (arrivalMs ?? world.nowMs) + offsetMs;
      // A last record ahead of the clock counts as the present, unless it was expired once: then it may be gone.
      const last = shard.records.at(-1);
      const isMoot = last?.wasExpired === true && timeMs > world.nowMs && timeMs <= last.arrivalMs;
      if (isMoot) return { members: { Timestamp: 0 }, timeMs: 0 };
      if (timeMs > Math.max(world.nowMs, last?.arrivalMs ?? 0))
        return { members: { Timestamp: timeMs / 1000 }, refusal: invalid };
      return { members: { Timestamp: timeMs / 1000 }, timeMs };
    }
  }
}

async function read(world: World, fraction: number, limit: number): Promise<void> {
  const held = world.iterators[Math.floor(fraction * world.iterators.length)];
  if (held === undefined) return;
  const { stream, shard, from } = held;
  if (stream.listed(shard, world.nowMs) !== "yes") return;
  const refusal = readRefusal(world, held);
  const input = { ShardIterator: held.token, Limit: limit };
  const page = await expect<PageOutput>(world, "GetRecords", input, refusal);
  if (page === undefined) return;
  const next = checkPage(stream, shard, { from, limit }, page, world.nowMs);
  if (page.NextShardIterator === undefined) return;
  world.hold({ token: page.NextShardIterator, stream, shard, from: next, createdMs: world.nowMs });
}

function readRefusal(
  world: World,
  { stream, shard, createdMs }: Pick<World["iterators"][number], "stream" | "shard" | "createdMs">,
): string | undefined {
  if (world.nowMs - createdMs > iteratorLifeMs) return "ExpiredIteratorException";
  const present = world.streams.get(stream.name);
  if (present === stream) return refusals.read[stream.status];
  // The stream is gone. One made again under its name has other shards; AWS fails on one of the same id.
  const namesake = present?.shards.get(shard.index);
  return present !== undefined && namesake !== undefined && present.listed(namesake, world.nowMs) === "yes"
    ? "InternalFailure"
    : notFound;
}

async function list(world: World, model: StreamModel | undefined, fraction: number): Promise<void> {
  if (model === undefined) return;
  const input = { StreamName: model.name };
  const refused = model.status === "CREATING" || model.status === "DELETING";
  await expect(world, "ListShards", input, refused ? inUse : undefined);
  const { Tags } = await world.server.expectOk<{ Tags: readonly { Key: string; Value: string }[] }>(
    "ListTagsForStream",
    input,
  );
  assert.deepEqual(new Map(Tags.map(({ Key, Value }) => [Key, Value])), model.tags);
  if (refused) return;
  await checkConsumers(world, model);
  checkHashRanges(await listShards(world.server, model.name, { Type: "AT_LATEST" }));

  const timeMs = Math.round(world.nowMs - 30 * 3_600_000 + fraction * 31 * 3_600_000);
  const at = await listShards(world.server, model.name, { Type: "AT_TIMESTAMP", Timestamp: timeMs / 1000 });
  checkHashRanges(at);
  const reached = new Set(at.map(({ ShardId }) => shardIndexOf(ShardId)));
  for (const index of reached) for (const child of model.children(index)) reached.add(child.index);
  for (const { index, records } of model.shards.values()) {
    const isWanted = records.some(({ arrivalMs, wasExpired }) => arrivalMs >= timeMs && !wasExpired);
    assert(!isWanted || reached.has(index), `a reader from ${timeMs} on comes to ${shardId(index)}`);
  }
  const from = await listShards(world.server, model.name, { Type: "FROM_TIMESTAMP", Timestamp: timeMs / 1000 });
  const fromIds = new Set(from.map(({ ShardId }) => ShardId));
  assert(
    at.every(({ ShardId }) => fromIds.has(ShardId)),
    "FROM_TIMESTAMP begins with AT_TIMESTAMP",
  );
}

async function checkConsumers(world: World, model: StreamModel): Promise<void> {
  const { Consumers } = await world.server.expectOk<{ Consumers: readonly Record<string, unknown>[] }>(
    "ListStreamConsumers",
    {
      StreamARN: arnOf(model.name),
    },
  );
  assert.deepEqual(
    Consumers.map(({ ConsumerName, ConsumerStatus, ConsumerARN }) => [ConsumerName, ConsumerStatus, ConsumerARN]),
    [...model.consumers.values()].map(({ name, status, arn }) => [name, status, arn]).sort(),
  );
}

function nameOf(stream: number): string {
  return `stream-${stream}`;
}

function pickShard(model: StreamModel, fraction: number, nowMs: number): ModelShard | undefined {
  // Open shards more often than closed ones; one whose last record has expired may be gone at any moment.
  const all = [...model.shards.values()].filter((shard) => model.listed(shard, nowMs) === "yes");
  const { open } = model;
  const shards = fraction < 0.7 ? open : all;
  const scaled = fraction < 0.7 ? fraction / 0.7 : (fraction - 0.7) / 0.3;
  return shards[Math.floor(scaled * shards.length)];
}

function fractionOf(whole: bigint, fraction: number): bigint {
  return (whole * BigInt(Math.floor(fraction * 2 ** 30))) / 2n ** 30n;
}
