import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertRefused,
  type LimitedServer,
  limitedServer,
  lowKey,
  record,
  shardId,
  streamArn,
} from "../../support/limited-server.ts";
import { account, region } from "../../support/test-server.ts";

const onDemand = { StreamModeDetails: { StreamMode: "ON_DEMAND" } };

function shardLimit(current: number, limit: number, additional: number): string {
  return `This request would exceed the shard limit for the account ${account} in ${region}. Current shard count for the account: ${current}. Limit: ${limit}. Number of additional shards that would have resulted from this request: ${additional}. Refer to the AWS Service Limits page (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to request higher limits.`;
}

test("an account has 20,000 provisioned shards in eu-west-1", async (t) => {
  const server = await limitedServer(t);
  await server.create("s", 2);
  assert.equal((await server.expectOk("DescribeLimits", {}))["ShardLimit"], 20_000);
  const tooMany = await server.call("CreateStream", { StreamName: "other", ShardCount: 19_999 });
  assertRefused(tooMany, "LimitExceededException", shardLimit(2, 20_000, 19_999));
});

test("creating, splitting and resizing all stay within the account's shards; a split counts as one more", async (t) => {
  const server = await limitedServer(t, { table: { shardCountMaxByRegion: { other: 4 } } });
  await server.create("s", 3);
  const refused = async (operation: string, input: object, additional: number, current: number) =>
    assertRefused(await server.call(operation, input), "LimitExceededException", shardLimit(current, 4, additional));
  await refused("CreateStream", { StreamName: "other", ShardCount: 2 }, 2, 3);
  const split = { StreamName: "s", ShardToSplit: shardId(0), NewStartingHashKey: "7" };
  await server.expectOk("SplitShard", split);
  await server.untilIdle();
  await refused("SplitShard", { ...split, ShardToSplit: shardId(1), NewStartingHashKey: `1${"2".repeat(38)}` }, 1, 4);
  await refused("UpdateShardCount", { StreamName: "s", TargetShardCount: 6, ScalingType: "UNIFORM_SCALING" }, 2, 4);
  await server.expectOk("DeleteStream", { StreamName: "s" });
  await server.untilIdle();
  await server.create("other", 4);
});

test("an account has 50 on-demand streams, made or switched to", async (t) => {
  const server = await limitedServer(t);
  for (let i = 0; i < 50; i++) {
    await server.expectOk("CreateStream", { StreamName: `s-${i}`, ...onDemand });
    await server.untilIdle();
    await server.clock.advance(200);
  }
  await server.create("provisioned", 1);
  await server.clock.advance(1_000);
  const text = `This request would exceed the limit on the number of On-Demand streams for the account ${account} in ${region}. Current On-Demand streams count: 50. Limit: 50.`;
  assertRefused(await server.call("CreateStream", { StreamName: "s-50", ...onDemand }), "LimitExceededException", text);
  const switched = await server.call("UpdateStreamMode", { StreamARN: streamArn("provisioned"), ...onDemand });
  assertRefused(switched, "LimitExceededException", text);
  const limits = await server.expectOk("DescribeLimits", {});
  assert.deepEqual([limits["OnDemandStreamCount"], limits["OnDemandStreamCountLimit"]], [50, 50]);
  await server.expectOk("DeleteStream", { StreamName: "s-0" });
  await server.untilIdle();
  await server.expectOk("CreateStream", { StreamName: "s-50", ...onDemand });
});

test("five streams of an account may be CREATING", async (t) => {
  const server = await limitedServer(t, { table: {}, transitionDelayMs: 10_000 });
  for (let i = 0; i < 5; i++) await server.expectOk("CreateStream", { StreamName: `s-${i}`, ShardCount: 1 });
  await server.clock.advance(2_000);
  const sixth = { StreamName: "s-5", ShardCount: 1 };
  const text = `This request would have exceed the limit on the number  of streams that can simultaneously be in CREATING or DELETING for the account ${account}. Limit: 5.`;
  assertRefused(await server.call("CreateStream", sixth), "LimitExceededException", text);
  await server.clock.advance(8_000);
  await server.untilIdle();
  await server.expectOk("CreateStream", sixth);
});

const register = (server: LimitedServer, ConsumerName: string) =>
  server.call("RegisterStreamConsumer", { StreamARN: streamArn("s"), ConsumerName });

async function registerMany(server: LimitedServer, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) {
    assert((await register(server, `c-${i}`)).ok, `consumer ${i + 1}`);
    await server.untilIdle();
    await server.clock.advance(200);
  }
}

test("a stream has 20 consumers, and 50 when the account has the throughput commitment", async (t) => {
  const server = await limitedServer(t);
  await server.create("s", 1);
  const text = (count: number) =>
    `This request would exceed the limit of consumers for stream s under account ${account}. Current count: ${count}. Limit: ${count}.`;
  await registerMany(server, 0, 20);
  assertRefused(await register(server, "more"), "LimitExceededException", text(20));
  await server.expectOk("UpdateAccountSettings", { MinimumThroughputBillingCommitment: { Status: "ENABLED" } });
  await server.clock.advance(200);
  await registerMany(server, 20, 50);
  assertRefused(await register(server, "more"), "LimitExceededException", text(50));
});

test("five consumers of a stream may be CREATING", async (t) => {
  const server = await limitedServer(t, { table: {}, transitionDelayMs: 10_000 });
  await server.expectOk("CreateStream", { StreamName: "s", ShardCount: 1 });
  await server.clock.advance(10_000);
  await server.untilIdle();
  for (let i = 0; i < 5; i++) assert((await register(server, `c-${i}`)).ok);
  await server.clock.advance(1_000);
  const text = `This request would exceed the limit of consumers that can simultaneously be in CREATING for stream s under account ${account}. Limit: 5.`;
  assertRefused(await register(server, "more"), "LimitExceededException", text);
  await server.clock.advance(9_000);
  await server.untilIdle();
  assert((await register(server, "more")).ok);
});

test("UpdateShardCount goes to 10,000 shards at most", async (t) => {
  const server = await limitedServer(t);
  await server.create("s", 1);
  const target = { StreamName: "s", TargetShardCount: 10_001, ScalingType: "UNIFORM_SCALING" };
  const text = "UpdateShardCount cannot scale a stream to more than 10000 shards. Target shard count: 10001";
  assertRefused(await server.call("UpdateShardCount", target), "InvalidArgumentException", text);
});

test("without limits there are no quotas", async (t) => {
  const server = await limitedServer(t, { table: undefined, transitionDelayMs: 10_000 });
  for (let i = 0; i < 60; i++) await server.expectOk("CreateStream", { StreamName: `s-${i}`, ...onDemand });
});

for (const table of [{}, undefined]) {
  test(`limits of meaning hold ${table === undefined ? "without" : "with"} limits of rate`, async (t) => {
    const server = await limitedServer(t, { table });
    await server.create("s", 1);
    const refuses = async (operation: string, input: object) => {
      const answer = await server.call(operation, { StreamName: "s", ...input });
      assert(!answer.ok);
      assert.match(answer.type, /^(ValidationException|InvalidArgumentException)$/);
    };
    const small = record(1);
    await refuses("PutRecord", record(1024 ** 2));
    await refuses("PutRecord", { ...small, PartitionKey: "k".repeat(257) });
    await refuses("PutRecord", { ...small, PartitionKey: "" });
    await refuses("PutRecords", { Records: Array.from({ length: 501 }, () => small) });
    await refuses("PutRecords", { Records: Array.from({ length: 11 }, () => record(1_000_000)) });
    const longest = { Data: "", PartitionKey: "é".repeat(256), ExplicitHashKey: lowKey };
    await server.expectOk("PutRecord", { StreamName: "s", ...longest });
  });
}
