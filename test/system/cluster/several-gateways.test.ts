import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import {
  activeConsumerArn,
  activeStreamArn,
  call,
  hashKeyMiddle,
  putTexts,
  readShard,
  refusalOf,
  textOf,
} from "../../support/kinesis-call.ts";
import { hasNatsServer, NatsServers } from "../../support/nats-servers.ts";
import { ShardReader } from "../../support/shard-reader.ts";
import { ServerProcess } from "../../support/start-server.ts";

const StreamName = "orders";

async function shardIds(endpoint: string): Promise<readonly string[]> {
  const { Shards } = await call<{ Shards: { ShardId: string }[] }>(endpoint, "ListShards", { StreamName });
  return Shards.map(({ ShardId }) => ShardId);
}

/** Texts of a shard from its start; each page through the next gateway in turn. */
async function textsOf(endpoints: readonly string[], ShardId: string): Promise<readonly string[]> {
  return (await readShard(endpoints, { StreamName, ShardId })).map((record) => textOf(record));
}

test("two gateways act as one: what one makes the other serves, puts, splits, subscribes and takes over", async (t) => {
  if (!hasNatsServer(t)) return;
  await using servers = await NatsServers.start({ nodeCount: 3 });
  const env = servers.environment;
  const args = ["--engine", "jetstream"];
  await using first = await ServerProcess.start({ args, env });
  await using second = await ServerProcess.start({ args, env });
  const [one, other] = [first.endpoint, second.endpoint];

  await call(one, "CreateStream", { StreamName, ShardCount: 1 });
  const arn = await activeStreamArn(other, StreamName);
  const sent: string[] = [];
  const putNext = async (endpoint: string, count: number): Promise<void> => {
    const texts = Array.from({ length: count }, (_, i) => `record ${sent.length + i}`);
    sent.push(...texts);
    await putTexts(endpoint, StreamName, texts);
  };
  await putNext(other, 20);
  await putNext(one, 20);
  assert.deepEqual(await textsOf([one, other], "shardId-000000000000"), sent, "in the order of the puts");

  // A consumer that one gateway has registered is subscribed through the other one, and pushed what either stores.
  const consumerArn = await activeConsumerArn(one, arn, "reader");
  const reader = new ShardReader({ endpoint: other, consumerArn, shardId: "shardId-000000000000" });
  await reader.subscribe();
  const subscribe = { ConsumerARN: consumerArn, ShardId: "shardId-000000000000", StartingPosition: { Type: "LATEST" } };
  assert.equal(await refusalOf(one, "SubscribeToShard", subscribe), "ResourceInUseException");

  let isSplit = false;
  const writers = [one, other].map(async (endpoint) => {
    while (!isSplit) await putNext(endpoint, 3);
    await putNext(endpoint, 3);
  });
  const split = { StreamName, ShardToSplit: "shardId-000000000000", NewStartingHashKey: hashKeyMiddle };
  await call(one, "SplitShard", split);
  await activeStreamArn(other, StreamName);
  isSplit = true;
  await Promise.all(writers);
  const found: string[] = [];
  for (const id of await shardIds(other)) found.push(...(await textsOf([other, one], id)));
  assert.deepEqual(found.toSorted(), sent.toSorted(), "each record once, over the split");
  await reader.ended;
  assert.deepEqual(reader.children, ["shardId-000000000001", "shardId-000000000002"]);

  // What one changes, the other one answers with at once.
  await call(one, "AddTagsToStream", { StreamName, Tags: { a: "1" } });
  const { Tags } = await call<{ Tags: { Key: string }[] }>(other, "ListTagsForStream", { StreamName });
  assert.deepEqual(Tags, [{ Key: "a", Value: "1" }]);
  await call(other, "CreateStream", { StreamName: "later", ShardCount: 1 });
  assert.equal(await refusalOf(one, "CreateStream", { StreamName: "later", ShardCount: 1 }), "ResourceInUseException");
  const { NextToken } = await call<{ NextToken: string }>(one, "ListShards", { StreamName, MaxResults: 2 });
  const rest = await call<{ Shards: { ShardId: string }[] }>(other, "ListShards", { NextToken });
  assert.deepEqual(
    rest.Shards.map(({ ShardId }) => ShardId),
    ["shardId-000000000002"],
  );
  assert.equal(await liveCount(one), 2);
});

test("what a gateway has begun when it is killed another one carries on", async (t) => {
  if (!hasNatsServer(t)) return;
  await using servers = await NatsServers.start({ nodeCount: 1 });
  const args = ["--engine", "jetstream", "--allow-degraded", "--nats", servers.urls.join(",")];
  await using first = await ServerProcess.start({ args: [...args, "--transition-delay", "1s"] });
  await using second = await ServerProcess.start({ args });
  const [one, other] = [first.endpoint, second.endpoint];
  const made = ["split", "resized", "kept", "read", "deleted"];
  for (const name of made) await call(other, "CreateStream", { StreamName: name, ShardCount: 1 });
  const arns = await Promise.all(made.map((name) => activeStreamArn(other, name)));
  for (const name of made) {
    await call(other, "PutRecord", {
      StreamName: name,
      Data: Buffer.from(name).toString("base64"),
      PartitionKey: name,
    });
  }

  const shard = "shardId-000000000000";
  const readArn = arns[made.indexOf("read")];
  await Promise.all([
    call(one, "CreateStream", { StreamName: "created", ShardCount: 3 }),
    call(one, "SplitShard", { StreamName: "split", ShardToSplit: shard, NewStartingHashKey: hashKeyMiddle }),
    call(one, "UpdateShardCount", { StreamName: "resized", TargetShardCount: 2, ScalingType: "UNIFORM_SCALING" }),
    call(one, "IncreaseStreamRetentionPeriod", { StreamName: "kept", RetentionPeriodHours: 48 }),
    call(one, "RegisterStreamConsumer", { StreamARN: readArn, ConsumerName: "reader" }),
    call(one, "DeleteStream", { StreamName: "deleted" }),
  ]);
  await first.kill("SIGKILL");

  for (const name of ["created", "split", "resized", "kept"]) await activeStreamArn(other, name);
  const shardsOf = async (StreamName: string): Promise<number> => {
    return (await call<{ Shards: unknown[] }>(other, "ListShards", { StreamName })).Shards.length;
  };
  assert.deepEqual(await Promise.all(["created", "split", "resized"].map(shardsOf)), [3, 3, 3]);
  const consumer = { StreamARN: readArn, ConsumerName: "reader" };
  await until(async () => {
    interface Described {
      readonly ConsumerDescription: { readonly ConsumerStatus: string };
    }
    const described = await call<Described>(other, "DescribeStreamConsumer", consumer);
    return described.ConsumerDescription.ConsumerStatus === "ACTIVE";
  });
  const deleted = { StreamName: "deleted" };
  await until(async () => (await refusalOf(other, "DescribeStreamSummary", deleted)) === "ResourceNotFoundException");
  await until(async () => (await groupCount(servers)) === 5);
  await call(other, "CreateStream", { StreamName: "deleted", ShardCount: 1 });
});

test("a paused gateway is missed, and when it wakes up it ends what others took over and serves again", async (t) => {
  if (!hasNatsServer(t)) return;
  await using servers = await NatsServers.start({ nodeCount: 1 });
  const args = ["--engine", "jetstream", "--allow-degraded", "--nats", servers.urls.join(",")];
  await using first = await ServerProcess.start({ args });
  await using second = await ServerProcess.start({ args });
  const [one, other] = [first.endpoint, second.endpoint];
  await call(one, "CreateStream", { StreamName, ShardCount: 2 });
  const consumerArn = await activeConsumerArn(other, await activeStreamArn(other, StreamName), "reader");
  const place = { consumerArn, shardId: "shardId-000000000000" };
  const paused = new ShardReader({ ...place, endpoint: one });
  await paused.subscribe();

  process.kill(first.pid, "SIGSTOP");
  await until(async () => (await liveCount(other)) === 1);
  const { shardId: ShardId } = place;
  const subscribe = { ConsumerARN: consumerArn, ShardId, StartingPosition: { Type: "TRIM_HORIZON" } };
  await until(async () => (await refusalOf(other, "SubscribeToShard", subscribe)) === "none");
  // The other shard: a subscription to a shard that was split may end with its last record instead.
  const split = { StreamName, ShardToSplit: "shardId-000000000001", NewStartingHashKey: String(3n << 126n) };
  await call(other, "SplitShard", split);
  await activeStreamArn(other, StreamName);
  process.kill(first.pid, "SIGCONT");

  await paused.ended;
  assert.equal(paused.exception, "ResourceInUseException");
  await until(async () => (await liveCount(one)) === 2 && (await liveCount(other)) === 2);
  await putTexts(one, StreamName, ["behind the split"]);
  assert.deepEqual(await shardIds(one), await shardIds(other));
});

async function liveCount(endpoint: string): Promise<number> {
  const metrics = await (await fetch(`${endpoint}/metrics`)).text();
  return Number(/^millrace_gateways_live (\d+)$/m.exec(metrics)?.[1]);
}

/** Log groups on the servers. */
async function groupCount({ monitorUrls }: NatsServers): Promise<number> {
  const [url = ""] = monitorUrls;
  const response = await fetch(`${url}/jsz?streams=true`);
  const { account_details = [] } = (await response.json()) as {
    readonly account_details?: readonly { readonly stream_detail?: readonly { readonly name: string }[] }[];
  };
  return account_details
    .flatMap(({ stream_detail = [] }) => stream_detail)
    .filter(({ name }) => !name.startsWith("KV_")).length;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(20);
}
