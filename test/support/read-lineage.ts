import assert from "node:assert/strict";
import { checkHashRanges, listShards, type PageOutput } from "./listed-shards.ts";
import type { TestServer } from "./test-server.ts";

export interface LineageRecord {
  readonly shardId: string;
  readonly number: bigint;
  readonly key: string;
  readonly data: string;
}

/**
 * Every record of a stream, as a client gets them that starts at the trim horizon and begins a shard only when it has come
 * to the end of all of that shard's parents. Insists on what must hold of the numbers and of the open shards.
 */
export async function readLineage(server: TestServer, name: string): Promise<readonly LineageRecord[]> {
  checkHashRanges(await listShards(server, name, { Type: "AT_LATEST" }));
  const roots = await listShards(server, name, { Type: "AT_TRIM_HORIZON" });
  checkHashRanges(roots);
  const records: LineageRecord[] = [];
  const lastNumbers = new Map<string, bigint>();
  const finished = new Set<string>();
  const queue = new Map(roots.map(({ ShardId }) => [ShardId, [] as readonly string[]]));
  while (queue.size > 0) {
    const ready = [...queue].find(([, parents]) => parents.every((parent) => finished.has(parent)));
    assert(ready !== undefined, "the parents of every shard are read before it");
    const [shardId, parents] = ready;
    queue.delete(shardId);
    let last = 0n;
    for (const parent of parents) {
      const parentLast = lastNumbers.get(parent) ?? 0n;
      if (parentLast > last) last = parentLast;
    }
    const { found, children } = await readShard(server, name, shardId);
    for (const record of found) {
      assert(record.number > last, `${shardId}: numbers grow along the lineage`);
      last = record.number;
      records.push(record);
    }
    lastNumbers.set(shardId, last);
    finished.add(shardId);
    for (const { ShardId, ParentShards } of children) queue.set(ShardId, ParentShards);
  }
  return records;
}

async function readShard(
  server: TestServer,
  name: string,
  shardId: string,
): Promise<{ readonly found: readonly LineageRecord[]; readonly children: NonNullable<PageOutput["ChildShards"]> }> {
  const place = { StreamName: name, ShardId: shardId, ShardIteratorType: "TRIM_HORIZON" };
  let { ShardIterator: token } = await server.expectOk<{ readonly ShardIterator: string }>("GetShardIterator", place);
  const found: LineageRecord[] = [];
  for (;;) {
    const page = await server.expectOk<PageOutput>("GetRecords", { ShardIterator: token });
    for (const { SequenceNumber, PartitionKey, Data } of page.Records) {
      const data = Buffer.from(Data, "base64").toString();
      found.push({ shardId, number: BigInt(SequenceNumber), key: PartitionKey, data });
    }
    if (page.NextShardIterator === undefined) return { found, children: page.ChildShards ?? [] };
    if (page.MillisBehindLatest === 0 && page.Records.length === 0) return { found, children: [] };
    token = page.NextShardIterator;
  }
}
