// Carries out one step on the server and on the model, and compares the answers.
import assert from "node:assert/strict";
import { checkHashRanges, listShards, type PageOutput } from "../../support/listed-shards.ts";
import { actOnSettings } from "./act-on-settings.ts";
import { fractionOf, merge, pickShard, resize, split } from "./act-on-shards.ts";
import { arnOf, expect, inUse, invalid, notFound, refusalOf, refusals } from "./ask.ts";
import { checkPage } from "./check-stream.ts";
import type { ModelledServer } from "./modelled-server.ts";
import type { Step } from "./step.ts";
import {
  indexOrLength,
  type ModelShard,
  numberParts,
  type StreamModel,
  shardId,
  shardIndexOf,
} from "./stream-model.ts";

const iteratorLifeMs = 300_000;

export async function act(subject: ModelledServer, step: Step): Promise<void> {
  await perform(subject, step);
  await subject.finishDue();
  await subject.check("stream" in step ? nameOf(step.stream) : undefined);
  if (step.do === "restart" || step.do === "clock-step" || step.do === "wait") await subject.checkAll();
}

async function perform(subject: ModelledServer, step: Step): Promise<void> {
  switch (step.do) {
    case "create":
      return await create(subject, nameOf(step.stream), step.shards);
    case "wait":
      return await subject.wait(step.ms);
    case "clock-step":
      return await subject.stepClock(step.ms);
    case "restart":
      return await subject.restart();
    case "read":
      return await read(subject, step.iterator, step.limit);
    default:
      return await performOn(subject, step, nameOf(step.stream), subject.streams.get(nameOf(step.stream)));
  }
}

type StreamStep = Exclude<Step, { do: "create" | "wait" | "clock-step" | "restart" | "read" }>;

async function performOn(
  subject: ModelledServer,
  step: StreamStep,
  name: string,
  model: StreamModel | undefined,
): Promise<void> {
  switch (step.do) {
    case "delete":
      return await remove(subject, name, model, step.enforce);
    case "put":
      return await put(subject, name, model, step);
    case "put-batch":
      return await putBatch(subject, name, model, step);
    case "split":
      return await split(subject, model, step);
    case "merge":
      return await merge(subject, model, step);
    case "resize":
      return await resize(subject, name, model, step.target);
    case "iterator":
      return await iterate(subject, model, step);
    case "list":
      return await list(subject, model, step.time);
    default:
      return await actOnSettings(subject, step, name, model);
  }
}

async function create(subject: ModelledServer, name: string, shardCount: number): Promise<void> {
  const input = shardCount === 0 ? { StreamName: name } : { StreamName: name, ShardCount: shardCount };
  await expect(subject, "CreateStream", input, subject.streams.has(name) ? inUse : undefined);
  if (!subject.streams.has(name)) subject.create(name, shardCount);
}

async function remove(
  subject: ModelledServer,
  name: string,
  model: StreamModel | undefined,
  enforce: boolean,
): Promise<void> {
  const blocked = model?.status === "DELETING" || (!enforce && (model?.consumers.size ?? 0) > 0);
  const refusal = model === undefined ? notFound : blocked ? inUse : undefined;
  await expect(subject, "DeleteStream", { StreamName: name, EnforceConsumerDeletion: enforce }, refusal);
  if (model !== undefined && refusal === undefined) subject.begin(model, "delete", "DELETING");
}

interface NewRecord {
  readonly key: string;
  readonly data: string;
  readonly place: bigint | undefined;
}

function newRecord(subject: ModelledServer, key: number, place?: number): NewRecord {
  subject.recordCount += 1;
  const hashKey = place === undefined ? undefined : place === 1 ? 2n ** 128n - 1n : fractionOf(2n ** 128n, place);
  return { key: `key-${key}`, data: `record ${subject.recordCount}`, place: hashKey };
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
  subject: ModelledServer,
  name: string,
  model: StreamModel | undefined,
  step: Extract<Step, { do: "put" }>,
): Promise<void> {
  const record = newRecord(subject, step.key, step.place);
  const input = { StreamName: name, ...tagsAndPolicyOf(record) };
  const output = await expect<PutOutput>(subject, "PutRecord", input, refusalOf(model, "put"));
  if (model !== undefined && output !== undefined) remember(subject, model, record, output);
}

async function putBatch(
  subject: ModelledServer,
  name: string,
  model: StreamModel | undefined,
  step: Extract<Step, { do: "put-batch" }>,
): Promise<void> {
  const records = Array.from({ length: step.count }, (_, i) => newRecord(subject, (step.key + i * 3) % 11));
  const input = { StreamName: name, Records: records.map(tagsAndPolicyOf) };
  const output = await expect<{ readonly FailedRecordCount: number; readonly Records: readonly PutOutput[] }>(
    subject,
    "PutRecords",
    input,
    refusalOf(model, "put"),
  );
  if (model === undefined || output === undefined) return;
  assert.deepEqual([output.FailedRecordCount, output.Records.length], [0, records.length]);
  for (const [i, record] of records.entries()) {
    const result: PutOutput | undefined = output.Records[i];
    assert(result !== undefined);
    remember(subject, model, record, result);
  }
}

function remember(subject: ModelledServer, model: StreamModel, record: NewRecord, output: PutOutput): void {
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
    arrivalMs: Math.max(subject.nowMs, previous?.arrivalMs ?? 0),
    wasExpired: false,
  });
}

async function iterate(
  subject: ModelledServer,
  model: StreamModel | undefined,
  step: Extract<Step, { do: "iterator" }>,
): Promise<void> {
  if (model === undefined || (model.status === "CREATING" && model.shards.size === 0)) return;
  const shard = pickShard(model, step.shard, subject.nowMs);
  if (shard === undefined) return;
  const record = shard.records[Math.floor(step.record * shard.records.length)];
  if (record === undefined && step.type.endsWith("SEQUENCE_NUMBER") && shard.startingNumber === undefined) return;
  const place = iteratorPlace(subject, shard, step, record?.number ?? shard.startingNumber);
  const input = {
    StreamName: model.name,
    ShardId: shardId(shard.index),
    ShardIteratorType: step.type,
    ...place.members,
  };
  const output = await expect<{ readonly ShardIterator: string }>(subject, "GetShardIterator", input, place.refusal);
  if (output === undefined) return;
  const horizon = model.horizonMs(subject.nowMs);
  const from =
    place.from ??
    indexOrLength(shard.records, ({ arrivalMs }) => arrivalMs >= Math.max(horizon, place.timeMs ?? horizon));
  subject.hold({ token: output.ShardIterator, stream: model, shard, from, createdMs: subject.nowMs });
  await read(subject, 0.999_999, 10_000);
}

interface IteratorPlace {
  readonly members: object;
  readonly refusal?: string;
  readonly from?: number;
  readonly timeMs?: number;
}

function iteratorPlace(
  subject: ModelledServer,
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
      const timeMs = (arrivalMs ?? subject.nowMs) + offsetMs;
      // A last record ahead of the clock counts as the present, unless it was expired once: then it may be gone.
      const last = shard.records.at(-1);
      const isMoot = last?.wasExpired === true && timeMs > subject.nowMs && timeMs <= last.arrivalMs;
      if (isMoot) return { members: { Timestamp: 0 }, timeMs: 0 };
      if (timeMs > Math.max(subject.nowMs, last?.arrivalMs ?? 0))
        return { members: { Timestamp: timeMs / 1000 }, refusal: invalid };
      return { members: { Timestamp: timeMs / 1000 }, timeMs };
    }
  }
}

async function read(subject: ModelledServer, fraction: number, limit: number): Promise<void> {
  const held = subject.iterators[Math.floor(fraction * subject.iterators.length)];
  if (held === undefined) return;
  const { stream, shard, from } = held;
  if (stream.listed(shard, subject.nowMs) !== "yes") return;
  const refusal = readRefusal(subject, held);
  const input = { ShardIterator: held.token, Limit: limit };
  const page = await expect<PageOutput>(subject, "GetRecords", input, refusal);
  if (page === undefined) return;
  const next = checkPage(stream, shard, { from, limit }, page, subject.nowMs);
  if (page.NextShardIterator === undefined) return;
  subject.hold({ token: page.NextShardIterator, stream, shard, from: next, createdMs: subject.nowMs });
}

function readRefusal(
  subject: ModelledServer,
  { stream, shard, createdMs }: Pick<ModelledServer["iterators"][number], "stream" | "shard" | "createdMs">,
): string | undefined {
  if (subject.nowMs - createdMs > iteratorLifeMs) return "ExpiredIteratorException";
  const present = subject.streams.get(stream.name);
  if (present === stream) return refusals.read[stream.status];
  // The stream is gone. One made again under its name has other shards; AWS fails on one of the same id.
  const namesake = present?.shards.get(shard.index);
  return present !== undefined && namesake !== undefined && present.listed(namesake, subject.nowMs) === "yes"
    ? "InternalFailure"
    : notFound;
}

async function list(subject: ModelledServer, model: StreamModel | undefined, fraction: number): Promise<void> {
  if (model === undefined) return;
  const input = { StreamName: model.name };
  const refused = model.status === "CREATING" || model.status === "DELETING";
  await expect(subject, "ListShards", input, refused ? inUse : undefined);
  const { Tags } = await subject.server.expectOk<{ Tags: readonly { Key: string; Value: string }[] }>(
    "ListTagsForStream",
    input,
  );
  assert.deepEqual(new Map(Tags.map(({ Key, Value }) => [Key, Value])), model.tags);
  if (refused) return;
  await checkConsumers(subject, model);
  checkHashRanges(await listShards(subject.server, model.name, { Type: "AT_LATEST" }));

  const timeMs = Math.round(subject.nowMs - 30 * 3_600_000 + fraction * 31 * 3_600_000);
  const at = await listShards(subject.server, model.name, { Type: "AT_TIMESTAMP", Timestamp: timeMs / 1000 });
  checkHashRanges(at);
  const reached = new Set(at.map(({ ShardId }) => shardIndexOf(ShardId)));
  for (const index of reached) for (const child of model.children(index)) reached.add(child.index);
  for (const { index, records } of model.shards.values()) {
    const isWanted = records.some(({ arrivalMs, wasExpired }) => arrivalMs >= timeMs && !wasExpired);
    assert(!isWanted || reached.has(index), `a reader from ${timeMs} on comes to ${shardId(index)}`);
  }
  const from = await listShards(subject.server, model.name, { Type: "FROM_TIMESTAMP", Timestamp: timeMs / 1000 });
  const fromIds = new Set(from.map(({ ShardId }) => ShardId));
  assert(
    at.every(({ ShardId }) => fromIds.has(ShardId)),
    "FROM_TIMESTAMP begins with AT_TIMESTAMP",
  );
}

async function checkConsumers(subject: ModelledServer, model: StreamModel): Promise<void> {
  const { Consumers } = await subject.server.expectOk<{ Consumers: readonly Record<string, unknown>[] }>(
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
