import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { assertRefusedAs, assertSays, assertStreamNotFound } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { streamMembers, testInput } from "./support/input-shape.ts";
import { namePattern } from "./support/patterns.ts";
import { streamArn, suiteStream, uniqueName, untilActive } from "./support/stream-fixture.ts";

describe("ListShards", () => {
  const stream = suiteStream({ shards: 3 });
  /** Its shard 0 is split into 2 and 3. */
  const split = suiteStream({ shards: 2 });
  const absent = uniqueName("absent");

  before(async () => {
    const { HashKeyRange } = split.shards[0] ?? assert.fail("the stream has two shards");
    const middle = (BigInt(HashKeyRange.EndingHashKey) / 2n).toString();
    await ok("SplitShard", { StreamName: split.name, ShardToSplit: "0", NewStartingHashKey: middle });
    await untilActive(split.name);
  });

  testInput(
    "ListShards",
    { StreamName: absent, ShardFilter: { Type: "AT_LATEST" } },
    {
      ...streamMembers,
      NextToken: { type: "String", min: 1, max: 1048576 },
      ExclusiveStartShardId: { type: "String", min: 1, max: 128, pattern: namePattern },
      MaxResults: { type: "Integer", min: 1, max: 10000 },
      StreamCreationTimestamp: { type: "Timestamp" },
      ShardFilter: { type: "Structure" },
      "ShardFilter.Type": {
        type: "String",
        required: true,
        values: [
          "AFTER_SHARD_ID",
          "AT_TRIM_HORIZON",
          "FROM_TRIM_HORIZON",
          "AT_LATEST",
          "AT_TIMESTAMP",
          "FROM_TIMESTAMP",
        ],
      },
      "ShardFilter.ShardId": { type: "String", min: 1, max: 128, pattern: namePattern },
      "ShardFilter.Timestamp": { type: "Timestamp" },
    },
  );

  test("ListShards refuses a stream that does not exist, by name and by ARN", async () => {
    await assertStreamNotFound("ListShards", { StreamName: absent }, absent);
    await assertStreamNotFound("ListShards", { StreamARN: await streamArn(absent) }, absent);
  });

  test("ListShards needs a token or a stream", async () => {
    await assertSays("ListShards", {}, "listshards-neither");
  });

  test("ListShards lists the shards of a name or an ARN in the order of their ids", async () => {
    const byName = await ok("ListShards", { StreamName: stream.name });
    assert.deepEqual(byName, { Shards: stream.shards });
    assert.deepEqual(await ok("ListShards", { StreamARN: stream.arn }), byName);
  });

  test("ListShards pages by MaxResults and a token that stands alone", async () => {
    const first = await ok("ListShards", { StreamName: stream.name, MaxResults: 2 });
    assert.deepEqual(first.Shards, stream.shards.slice(0, 2));
    const second = await ok("ListShards", { NextToken: first.NextToken });
    assert.deepEqual(second, { Shards: stream.shards.slice(2) });
    const oneByOne = await ok("ListShards", { NextToken: first.NextToken, MaxResults: 1 });
    assert.deepEqual(oneByOne.Shards, stream.shards.slice(2));
  });

  test("ListShards refuses a token beside what the token says itself", async () => {
    const { NextToken } = await ok("ListShards", { StreamName: stream.name, MaxResults: 1 });
    const beside = {
      StreamName: stream.name,
      StreamARN: stream.arn,
      ExclusiveStartShardId: "shardId-000000000000",
      ShardFilter: { Type: "AT_LATEST" },
    };
    for (const [member, value] of Object.entries(beside)) {
      await assertSays("ListShards", { NextToken, [member]: value }, "listshards-both", {
        "StreamName|StreamARN|ExclusiveStartShardId|ShardFilter": member,
      });
    }
  });

  test("ListShards refuses a token that it did not make", async () => {
    await assertRefusedAs("ListShards", { NextToken: "AAAA" }, "InvalidArgumentException");
  });

  test("ListShards carries its filter in the token", async () => {
    const filter = { Type: "AT_LATEST" };
    const first = await ok("ListShards", { StreamName: split.name, ShardFilter: filter, MaxResults: 1 });
    const second = await ok("ListShards", { NextToken: first.NextToken });
    const ids = [...first.Shards, ...second.Shards].map(({ ShardId }) => ShardId.slice(-1)).join("");
    assert.equal(ids, "123");
  });

  test("ListShards begins behind ExclusiveStartShardId", async () => {
    const input = { StreamName: stream.name, ExclusiveStartShardId: "shardId-000000000000" };
    assert.deepEqual((await ok("ListShards", input)).Shards, stream.shards.slice(1));
  });

  test("ListShards filters by each of the six types", async () => {
    const idsOf = async (ShardFilter: object) => {
      const { Shards } = await ok("ListShards", { StreamName: split.name, ShardFilter });
      return Shards.map(({ ShardId }) => ShardId.slice(-1)).join("");
    };
    const soon = Date.now() / 1000 + 1;
    assert.equal(await idsOf({ Type: "FROM_TRIM_HORIZON" }), "0123");
    assert.equal(await idsOf({ Type: "AT_TRIM_HORIZON" }), "01");
    assert.equal(await idsOf({ Type: "AT_LATEST" }), "123");
    assert.equal(await idsOf({ Type: "AFTER_SHARD_ID", ShardId: "shardId-000000000001" }), "23");
    assert.equal(await idsOf({ Type: "AT_TIMESTAMP", Timestamp: soon }), "123");
    assert.equal(await idsOf({ Type: "FROM_TIMESTAMP", Timestamp: soon }), "123");
    assert.equal(await idsOf({ Type: "FROM_TIMESTAMP", Timestamp: 0 }), "0123");
  });

  test("ListShards refuses filters without the member that their type needs", async () => {
    for (const Type of ["AFTER_SHARD_ID", "AT_TIMESTAMP", "FROM_TIMESTAMP"]) {
      const input = { StreamName: stream.name, ShardFilter: { Type } };
      await assertRefusedAs("ListShards", input, "InvalidArgumentException");
    }
  });

  test("ListShards refuses filters with a member of another type", async () => {
    for (const filter of [
      { Type: "AT_LATEST", ShardId: "shardId-000000000000" },
      { Type: "AT_TRIM_HORIZON", Timestamp: 1 },
      { Type: "AFTER_SHARD_ID", ShardId: "shardId-000000000000", Timestamp: 1 },
      { Type: "AT_TIMESTAMP", ShardId: "shardId-000000000000", Timestamp: 1 },
    ]) {
      await assertRefusedAs("ListShards", { StreamName: stream.name, ShardFilter: filter }, "InvalidArgumentException");
    }
  });
});
