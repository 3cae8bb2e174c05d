/**
 * The day in the life of a stream that every client must get through: a real text file goes in, comes back whole and in
 * order, and keeps doing so while shards are split and merged.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { sha256Of, textLines } from "../../support/text-lines.ts";
import type { ClientDriver, PlacedRecord, PutEntry, ReadRecord, ShardView } from "./client-driver.ts";

export interface WorkloadOptions {
  readonly streamName: string;
  /** Lines put into the first shards; a tenth of that follows after the split, and another after the merge. */
  readonly lineCount: number;
  /** Calls in flight at once. No partition key is in two PutRecords, so the order within each key is certain anyway. */
  readonly callsInFlight: number;
  /** Whether everything is read back before the split and the merge as well, or only at the end. */
  readonly readsEveryTime: boolean;
}

interface Put extends PutEntry, PlacedRecord {}

const linesPerKey = 25;
const recordsPerPut = 500;

export async function runWorkload(client: ClientDriver, options: WorkloadOptions): Promise<void> {
  const { streamName, lineCount } = options;
  const tenth = lineCount / 10;
  const text = textLines(lineCount + 2 * tenth);
  const puts: Put[] = [];

  await client.createStream(streamName, 2);
  await client.waitUntilActive(streamName);
  assert((await client.listStreams()).includes(streamName), "a created stream is listed");
  puts.push(...(await putLines(client, text.lines.slice(0, lineCount), options)));
  const atFirst = await client.listShards(streamName);
  assert.equal(atFirst.length, 2);
  if (options.readsEveryTime) await assertReadsBack(client, { ...options, puts, shards: atFirst });

  const parent = present(atFirst[0]);
  await client.splitShard(streamName, parent.shardId, middleOf(parent));
  await client.waitUntilActive(streamName);
  puts.push(...(await putLines(client, text.lines.slice(lineCount, lineCount + tenth), options)));
  const afterSplit = await client.listShards(streamName);
  assert.equal(afterSplit.length, 4);
  assert(afterSplit.find(({ shardId }) => shardId === parent.shardId)?.closed, "a split closes the parent");
  const children = afterSplit.filter((shard) => shard.parentShardIds.includes(parent.shardId));
  assertWrittenTo(puts.slice(lineCount), afterSplit);
  if (options.readsEveryTime) await assertReadsBack(client, { ...options, puts, shards: afterSplit });

  const [left, right] = [present(children[0]).shardId, present(children[1]).shardId];
  await client.mergeShards(streamName, left, right);
  await client.waitUntilActive(streamName);
  puts.push(...(await putLines(client, text.lines.slice(lineCount + tenth), options)));
  const afterMerge = await client.listShards(streamName);
  assert.equal(afterMerge.length, 5);
  const merged = afterMerge.filter((shard) => shard.parentShardIds.includes(left));
  assert.deepEqual(merged[0]?.parentShardIds.toSorted(), [left, right].toSorted());
  assertWrittenTo(puts.slice(lineCount + tenth), afterMerge);
  const wholeText = await assertReadsBack(client, { ...options, puts, shards: afterMerge });
  assert.equal(sha256Of(wholeText), text.sha256, "what was read, put together, is the file");

  await client.addTags(streamName, { project: "first light", owner: "clients" });
  assert.deepEqual(await client.listTags(streamName), { project: "first light", owner: "clients" });
  await client.removeTags(streamName, ["owner"]);
  assert.deepEqual(await client.listTags(streamName), { project: "first light" });

  await client.deleteStream(streamName);
  await client.waitUntilGone(streamName);
  assert(!(await client.listStreams()).includes(streamName), "a deleted stream is not listed");
}

async function putLines(client: ClientDriver, lines: readonly string[], options: WorkloadOptions): Promise<Put[]> {
  const hash = createHash("md5").update(lines.join("")).digest("hex");
  const entries = lines.map((data, index) => ({ data, partitionKey: `${hash}-${Math.floor(index / linesPerKey)}` }));
  const batches = Array.from({ length: Math.ceil(entries.length / recordsPerPut) }, (_, index) =>
    entries.slice(index * recordsPerPut, (index + 1) * recordsPerPut),
  );
  const places = await mapInFlight(batches, options.callsInFlight, async (batch) => {
    const placed = await client.putRecords(options.streamName, batch);
    assert.equal(placed.length, batch.length, "one result for each record");
    return placed;
  });
  const flat = places.flat();
  return entries.map((entry, index) => ({ ...entry, ...present(flat[index]) }));
}

/** Reads every shard, parents first, and gives back the lines in the order in which they were put. */
async function assertReadsBack(
  client: ClientDriver,
  expected: WorkloadOptions & { readonly puts: readonly Put[]; readonly shards: readonly ShardView[] },
): Promise<readonly string[]> {
  const read = new Map<string, ReadRecord[]>();
  let count = 0;
  // A child's id is always greater than its parents', so this order is the order of time.
  const shards = expected.shards.toSorted((a, b) => (a.shardId < b.shardId ? -1 : 1));
  const recordsOfShards = await mapInFlight(shards, expected.callsInFlight, ({ shardId }) =>
    client.readShard(expected.streamName, shardId),
  );
  for (const [index, shard] of shards.entries()) {
    const records = present(recordsOfShards[index]);
    count += records.length;
    assertInOrder(records, shard);
    assertPlaces(
      records,
      expected.puts.filter(({ shardId }) => shardId === shard.shardId),
    );
    for (const record of records) {
      const ofKey = read.get(record.partitionKey) ?? [];
      ofKey.push(record);
      read.set(record.partitionKey, ofKey);
    }
  }
  assert.equal(count, expected.puts.length, "every record is read exactly once");
  const keys = [...new Set(expected.puts.map((put) => put.partitionKey))];
  const lines = keys.flatMap((key) => (read.get(key) ?? []).map((record) => record.data));
  assert.equal(sha256Of(lines), sha256Of(expected.puts.map((put) => put.data)), "the lines of each key are in order");
  return lines;
}

function assertInOrder(records: readonly ReadRecord[], shard: ShardView): void {
  let last = 0n;
  for (const { sequenceNumber, partitionKey } of records) {
    assert(BigInt(sequenceNumber) > last, `${shard.shardId}: sequence number ${sequenceNumber} is out of order`);
    last = BigInt(sequenceNumber);
    const hashKey = BigInt(`0x${createHash("md5").update(partitionKey).digest("hex")}`);
    assert(hashKey >= BigInt(shard.startingHashKey) && hashKey <= BigInt(shard.endingHashKey), "in the shard's range");
  }
}

/** What PutRecords answered is where the record is. */
function assertPlaces(records: readonly ReadRecord[], puts: readonly Put[]): void {
  const bySequenceNumber = new Map(records.map((record) => [record.sequenceNumber, record]));
  for (const put of puts) {
    const record = present(bySequenceNumber.get(put.sequenceNumber));
    assert.deepEqual([record.partitionKey, record.data], [put.partitionKey, put.data]);
  }
}

function assertWrittenTo(puts: readonly Put[], shards: readonly ShardView[]): void {
  const open = new Set(shards.filter((shard) => !shard.closed).map((shard) => shard.shardId));
  for (const { shardId } of puts) assert(open.has(shardId), `${shardId} is closed and takes no records`);
}

/** Like Promise.all over `map`, with a bound on how many run at once. */
async function mapInFlight<T, R>(
  values: readonly T[],
  inFlight: number,
  map: (value: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = values.entries();
  const work = async () => {
    for (const [index, value] of queue) results[index] = await map(value);
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  return results;
}

function middleOf(shard: ShardView): string {
  return String((BigInt(shard.startingHashKey) + BigInt(shard.endingHashKey) + 1n) / 2n);
}

function present<T>(value: T | undefined): T {
  assert(value !== undefined, "the value is there");
  return value;
}
