import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { highKey, limitedServer, lowKey, shardId } from "../../support/limited-server.ts";
import { account, region } from "../../support/test-server.ts";

const StreamName = "watched";

async function openServer(t: TestContext) {
  const { server, clock, create } = await limitedServer(t);
  await create(StreamName, 2);
  const record = (data: string, hashKey: string) => ({
    Data: Buffer.from(data).toString("base64"),
    PartitionKey: "key",
    ExplicitHashKey: hashKey,
  });
  return {
    ...{ server, clock, record },
    put: (data: string, hashKey: string) => server.call("PutRecord", { StreamName, ...record(data, hashKey) }),
    async read(index: number) {
      const place = { StreamName, ShardId: shardId(index), ShardIteratorType: "TRIM_HORIZON" };
      const { ShardIterator } = await server.expectOk<{ ShardIterator: string }>("GetShardIterator", place);
      return await server.call("GetRecords", { ShardIterator });
    },
    async monitor(change: "Enable" | "Disable", ...ShardLevelMetrics: readonly string[]) {
      await server.expectOk(`${change}EnhancedMonitoring`, { StreamName, ShardLevelMetrics });
      await server.untilIdle();
    },
    /** By short name and shard: what a scrape would show. */
    series(): Readonly<Record<string, number>> {
      const { shards, registry } = server.services;
      const found: Record<string, number> = {};
      for (const { name, samples } of shards.traffic.families(registry.all())) {
        if (!name.startsWith("millrace_shard_")) continue;
        for (const { labels, value } of samples) {
          assert.deepEqual({ ...labels, shard: "" }, { account, region, stream: StreamName, shard: "" });
          found[`${name.replace("millrace_shard_", "")} ${Number(labels?.["shard"]?.slice(-3))}`] = value;
        }
      }
      return found;
    },
  };
}

test("a stream without enhanced monitoring has no series of its shards", async (t) => {
  const { put, read, series } = await openServer(t);
  await put("abc", lowKey);
  await read(0);
  assert.deepEqual(series(), {});
});

test("only the metrics that are switched on have series, and they count from then on", async (t) => {
  const { put, monitor, series } = await openServer(t);
  await put("before", lowKey);
  await monitor("Enable", "IncomingBytes", "IncomingRecords");
  await put("abc", lowKey);
  await put("defgh", lowKey);
  await put("x", highKey);
  assert.deepEqual(series(), {
    "incoming_bytes_total 0": 3 + 5 + 2 * "key".length,
    "incoming_bytes_total 1": 1 + "key".length,
    "incoming_records_total 0": 2,
    "incoming_records_total 1": 1,
  });
  await monitor("Disable", "IncomingBytes");
  assert.deepEqual(Object.keys(series()), ["incoming_records_total 0", "incoming_records_total 1"]);
});

test("reads count what they return, and how far behind the slowest one of the step was", async (t) => {
  const { server, clock, put, read, monitor, series } = await openServer(t);
  await monitor("Enable", "OutgoingBytes", "OutgoingRecords", "IteratorAgeMilliseconds");
  await put("abcd", lowKey);
  await clock.advance(7_000);
  await put("efgh", lowKey);
  const place = { StreamName, ShardId: shardId(0), ShardIteratorType: "TRIM_HORIZON" };
  const { ShardIterator } = await server.expectOk<{ ShardIterator: string }>("GetShardIterator", place);
  await server.expectOk("GetRecords", { ShardIterator, Limit: 1 });
  const behind = { "outgoing_bytes_total 0": 4, "outgoing_records_total 0": 1, "iterator_age_seconds 0": 7 };
  assert.deepEqual(series(), behind);
  await read(0);
  // Another reader that is at the tip does not hide the one that is behind.
  const read3 = { "outgoing_bytes_total 0": 12, "outgoing_records_total 0": 3 };
  assert.deepEqual(series(), { ...read3, "iterator_age_seconds 0": 7 });
  const { shards, registry } = server.services;
  Array.from(shards.traffic.sample(registry.all(), [], 0));
  await read(0);
  Array.from(shards.traffic.sample(registry.all(), [], 5_000));
  const read5 = { "outgoing_bytes_total 0": 20, "outgoing_records_total 0": 5 };
  assert.deepEqual(series(), { ...read5, "iterator_age_seconds 0": 0 });
});

test("events of a subscription count as returned", async (t) => {
  const { server, put, monitor, series } = await openServer(t);
  await monitor("Enable", "OutgoingBytes", "OutgoingRecords");
  await put("abcd", lowKey);
  const { stream } = server.services.registry.find(account, region, StreamName) ?? assert.fail("the stream is there");
  const StreamARN = `arn:aws:kinesis:${region}:${account}:stream/${stream.name}`;
  const registered = await server.expectOk<{ Consumer: { ConsumerARN: string } }>("RegisterStreamConsumer", {
    StreamARN,
    ConsumerName: "reader",
  });
  await server.untilIdle();
  await server.firstBytes(
    "SubscribeToShard",
    {
      ConsumerARN: registered.Consumer.ConsumerARN,
      ShardId: shardId(0),
      StartingPosition: { Type: "TRIM_HORIZON" },
    },
    "SubscribeToShardEvent",
  );
  assert.deepEqual(series(), { "outgoing_bytes_total 0": 4, "outgoing_records_total 0": 1 });
});

test("throttled records and reads count by their shard", async (t) => {
  const { server, read, record, monitor, series } = await openServer(t);
  await monitor("Enable", "ReadProvisionedThroughputExceeded", "WriteProvisionedThroughputExceeded", "IncomingRecords");
  const big = "x".repeat(700 * 1024);
  const Records = [record(big, lowKey), record(big, lowKey), record("small", highKey), record(big, lowKey)];
  const { FailedRecordCount } = await server.expectOk<{ FailedRecordCount: number }>("PutRecords", {
    StreamName,
    Records,
  });
  assert.equal(FailedRecordCount, 2);
  for (let call = 0; call < 5; call++) await read(1);
  const { ShardIterator } = await server.expectOk<{ ShardIterator: string }>("GetShardIterator", {
    ...{ StreamName, ShardId: shardId(0), ShardIteratorType: "LATEST" },
  });
  for (let call = 0; call < 8; call++) await server.call("GetRecords", { ShardIterator });
  assert.deepEqual(series(), {
    "incoming_records_total 0": 1,
    "incoming_records_total 1": 1,
    "read_throughput_exceeded_total 0": 3,
    "read_throughput_exceeded_total 1": 0,
    "write_throughput_exceeded_total 0": 2,
    "write_throughput_exceeded_total 1": 0,
  });
});

test("series vanish when monitoring is switched off and begin at zero when it is switched on again", async (t) => {
  const { put, monitor, series } = await openServer(t);
  await monitor("Enable", "ALL");
  await put("abc", lowKey);
  assert.equal(series()["incoming_records_total 0"], 1);
  // Without a read there is no age.
  assert.equal(Object.keys(series()).length, 6);
  await monitor("Disable", "ALL");
  assert.deepEqual(series(), {});
  await monitor("Enable", "ALL");
  assert.deepEqual(series(), {});
  await put("abc", lowKey);
  assert.equal(series()["incoming_records_total 0"], 1);
});

test("series vanish with their stream", async (t) => {
  const { server, put, monitor, series } = await openServer(t);
  await monitor("Enable", "ALL");
  await put("abc", lowKey);
  await server.expectOk("DeleteStream", { StreamName });
  await server.untilIdle();
  assert.deepEqual(series(), {});
});
