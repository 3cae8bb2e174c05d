/** More streams, shards and consumers than a page holds, listed by the client's own paginators. */
import assert from "node:assert/strict";
import type { ApiClient, Members } from "./api-client.ts";
import { Walk } from "./walk.ts";

const streamCount = 7;
const shardCount = 5;
const consumerCount = 5;
const pageSize = 2;

export async function walkPages(client: ApiClient): Promise<void> {
  const walk = new Walk(client);
  const names = Array.from({ length: streamCount }, (_, index) => `paged-${index}`);
  const [first = ""] = names;
  for (const StreamName of names) {
    await walk.ok("CreateStream", { StreamName, ShardCount: StreamName === first ? shardCount : 1 });
    await walk.untilActive(StreamName);
  }
  const listed = await allPages(client, "ListStreams", {}, "StreamNames");
  if (listed !== undefined) assert.deepEqual(listed, names);

  const shardIds = Array.from({ length: shardCount }, (_, index) => `shardId-${String(index).padStart(12, "0")}`);
  const idsOf = (shards: readonly unknown[]) => shards.map((shard) => (shard as Members)["ShardId"]);
  const description = await client.pages("DescribeStream", { StreamName: first }, pageSize);
  if (description !== undefined) {
    const pages = description.map(
      (page) => (page["StreamDescription"] as { readonly Shards: readonly unknown[] }).Shards,
    );
    assert.deepEqual(pages.flatMap(idsOf), shardIds);
  }
  if (walk.knows("ListShards")) await walkShardPages(walk, first, shardIds);

  const summary = await walk.expectOk("DescribeStream", { StreamName: first });
  const { StreamARN } = summary["StreamDescription"] as { readonly StreamARN: string };
  if (!walk.knows("RegisterStreamConsumer")) return;
  const consumers = Array.from({ length: consumerCount }, (_, index) => `consumer-${index}`);
  for (const ConsumerName of consumers) await walk.ok("RegisterStreamConsumer", { StreamARN, ConsumerName });
  const found = await allPages(client, "ListStreamConsumers", { StreamARN }, "Consumers");
  const foundNames = found?.map((consumer) => (consumer as Members)["ConsumerName"]);
  if (foundNames !== undefined) assert.deepEqual(foundNames.toSorted(), consumers);
}

/**
 * The service refuses a token that comes with the stream's name, and botocore's paginator sends both: past one page it
 * fails against the service as against us (https://github.com/aws/aws-cli/issues/9635). The manual's loop works.
 */
async function walkShardPages(walk: Walk, StreamName: string, shardIds: readonly string[]): Promise<void> {
  const found: unknown[] = [];
  let pageCount = 0;
  for (let NextToken: unknown; pageCount === 0 || NextToken !== undefined; pageCount++) {
    const place = NextToken === undefined ? { StreamName } : { NextToken };
    const page = await walk.expectOk("ListShards", { ...place, MaxResults: pageSize });
    found.push(...(page["Shards"] as readonly Members[]).map((shard) => shard["ShardId"]));
    NextToken = page["NextToken"];
  }
  assert.deepEqual(found, shardIds);
  assert.equal(pageCount, Math.ceil(shardCount / pageSize));
  const { client } = walk;
  const whole = await client.pages("ListShards", { StreamName }, shardCount);
  if (whole === undefined) return;
  assert.equal(whole.flatMap((page) => page["Shards"] as readonly unknown[]).length, shardCount);
  await assert.rejects(
    client.pages("ListShards", { StreamName }, pageSize),
    /NextToken and StreamName cannot be provided/,
  );
}

async function allPages(
  client: ApiClient,
  operation: string,
  input: Members,
  listName: string,
): Promise<readonly unknown[] | undefined> {
  const pages = await client.pages(operation, input, pageSize);
  return pages?.flatMap((page) => page[listName] as readonly unknown[]);
}
