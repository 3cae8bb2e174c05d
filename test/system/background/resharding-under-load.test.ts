// Four writers never stop while a stream is resized, 64 shards to 128 and back ten times, or through counts that no single
// split or merge of each shard leads to. A reader follows the lineage all the while, as the Kinesis Client Library does: a child only when all of its parents are read to their ends. It must get
// every acknowledged record once, and the records of each key in the order in which their writer sent them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { MemoryEngine } from "../../../src/engine/memory/memory-engine.ts";
import { systemClock } from "../../../src/time/system-clock.ts";
import { listShards, type PageOutput } from "../../support/listed-shards.ts";
import { TestServer } from "../../support/test-server.ts";

const name = "busy";
const writerCount = 4;
const keysPerWriter = 200;
const recordsPerRequest = 60;
/** Written to the stream at each size, beside what comes while the size changes. */
const recordsPerSize = 1_500;

/** Per key, how many records were acknowledged and how many of them the reader has got. */
interface Counts {
  readonly acknowledged: Map<string, number>;
  readonly read: Map<string, number>;
}

test("ten doublings and halvings under load lose nothing, double nothing and keep the order of each key", async () => {
  const targets = Array.from({ length: 10 }, () => [128, 64]).flat();
  assert.equal(await resizeUnderLoad(64, targets), 64 + 10 * 3 * 64);
});

test("resizes to any count under load lose nothing, double nothing and keep the order of each key", async () => {
  // The totals are those of the steps: 4 to 3 makes 7 shards, and so on; a reader comes to each of them.
  assert.equal(await resizeUnderLoad(4, [3, 4, 3]), 4 + 7 + 8 + 7);
  await resizeUnderLoad(4, [3, 5, 7, 13, 10, 9, 17, 1, 23, 4]);
});

/** The shards that the reader came to the end or the tip of. */
async function resizeUnderLoad(shardCount: number, targets: readonly number[]): Promise<number> {
  const engine = new MemoryEngine({ clock: systemClock, memoryBudgetBytes: 512 * 1024 * 1024 });
  await engine.open();
  const server = await TestServer.open({ engine, clock: systemClock });
  await server.expectOk("CreateStream", { StreamName: name, ShardCount: shardCount });
  await untilActive(server);

  const counts: Counts = { acknowledged: new Map(), read: new Map() };
  const work = { isDone: false };
  const writers = Array.from({ length: writerCount }, (_, writer) => write(server, writer, counts, work));
  const written = Promise.all(writers);
  const roots = await listShards(server, name);
  const reading = readAll(
    server,
    roots.map(({ ShardId }) => ShardId),
    counts,
    written,
  );
  try {
    for (const target of targets) {
      await resizeTo(server, target);
      const enough = totalOf(counts.acknowledged) + recordsPerSize;
      while (totalOf(counts.acknowledged) < enough) await Promise.race([nextTurn(), reading]);
    }
  } finally {
    work.isDone = true;
    await written;
  }
  const shardsRead = await reading;

  assert.deepEqual(counts.read, counts.acknowledged);
  assert(totalOf(counts.read) >= targets.length * recordsPerSize);
  await server.close();
  await engine.close();
  return shardsRead;
}

function totalOf(counts: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}

/** Sends the next record of each of its keys in turn. Records that failed are sent again before any later one of their key. */
async function write(
  server: TestServer,
  writer: number,
  { acknowledged }: Counts,
  work: { readonly isDone: boolean },
): Promise<void> {
  for (let first = 0; !work.isDone; first = (first + recordsPerRequest) % keysPerWriter) {
    const keys = Array.from(
      { length: recordsPerRequest },
      (_, i) => `writer ${writer} key ${(first + i) % keysPerWriter}`,
    );
    const Records = keys.map((PartitionKey) => {
      const text = `${PartitionKey}: ${acknowledged.get(PartitionKey) ?? 0}`;
      return { PartitionKey, Data: Buffer.from(text).toString("base64") };
    });
    const { FailedRecordCount } = await server.expectOk<{ readonly FailedRecordCount: number }>("PutRecords", {
      StreamName: name,
      Records,
    });
    assert.equal(FailedRecordCount, 0, "records that meet a shard being sealed wait for the switch");
    for (const key of keys) acknowledged.set(key, (acknowledged.get(key) ?? 0) + 1);
    await nextTurn();
  }
}

async function resizeTo(server: TestServer, target: number): Promise<void> {
  const input = { StreamName: name, TargetShardCount: target, ScalingType: "UNIFORM_SCALING" };
  await server.expectOk("UpdateShardCount", input);
  await untilActive(server);
}

async function untilActive(server: TestServer): Promise<void> {
  for (;;) {
    const { StreamDescriptionSummary: summary } = await server.expectOk<{
      readonly StreamDescriptionSummary: { readonly StreamStatus: string };
    }>("DescribeStreamSummary", { StreamName: name });
    if (summary.StreamStatus === "ACTIVE") return;
    await nextTurn();
  }
}

/** Reads all shards side by side until nothing is written any more and nothing is left; gives how many shards it read. */
async function readAll(
  server: TestServer,
  roots: readonly string[],
  counts: Counts,
  written: Promise<unknown>,
): Promise<number> {
  const writing = { isDone: false };
  const noted = written.finally(() => {
    writing.isDone = true;
  });
  const iterators = new Map<string, string>();
  const finished = new Set<string>();
  const begin = async (shardId: string): Promise<void> => {
    const place = { StreamName: name, ShardId: shardId, ShardIteratorType: "TRIM_HORIZON" };
    const output = await server.expectOk<{ readonly ShardIterator: string }>("GetShardIterator", place);
    iterators.set(shardId, output.ShardIterator);
  };
  for (const root of roots) await begin(root);
  for (;;) {
    const isLastRound = writing.isDone;
    let recordCount = 0;
    for (const [shardId, token] of [...iterators]) {
      const page = await server.expectOk<PageOutput>("GetRecords", { ShardIterator: token });
      recordCount += page.Records.length;
      for (const { PartitionKey, Data } of page.Records) take(counts.read, PartitionKey, Data);
      if (page.NextShardIterator !== undefined) {
        iterators.set(shardId, page.NextShardIterator);
        continue;
      }
      iterators.delete(shardId);
      finished.add(shardId);
      recordCount += 1;
      for (const child of page.ChildShards ?? []) {
        if (child.ParentShards.every((parent) => finished.has(parent))) await begin(child.ShardId);
      }
    }
    if (isLastRound && recordCount === 0) {
      await noted;
      return finished.size + iterators.size;
    }
    await nextTurn();
  }
}

function take(read: Map<string, number>, key: string, data: string): void {
  const next = read.get(key) ?? 0;
  assert.equal(
    Buffer.from(data, "base64").toString(),
    `${key}: ${next}`,
    "each record once and in the order of its key",
  );
  read.set(key, next + 1);
}
