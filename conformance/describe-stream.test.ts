import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertStreamNotFound } from "./support/assert-refused.ts";
import { ok, refused } from "./support/call.ts";
import { streamMembers, testInput } from "./support/input-shape.ts";
import { namePattern } from "./support/patterns.ts";
import { account, streamArn, suiteStream, uniqueName, withStream } from "./support/stream-fixture.ts";
import { target } from "./support/target.ts";
import { assertViolations } from "./support/test-constraints.ts";

describe("DescribeStream", () => {
  const stream = suiteStream({ shards: 3 });
  const absent = uniqueName("absent");

  testInput(
    "DescribeStream",
    { StreamName: absent },
    {
      ...streamMembers,
      Limit: { type: "Integer", min: 1, max: 10000 },
      ExclusiveStartShardId: { type: "String", min: 1, max: 128, pattern: namePattern },
    },
  );

  test("DescribeStream lists several violations in one sentence", async () => {
    await assertViolations("DescribeStream", { StreamName: "", Limit: 0, ExclusiveStartShardId: "" }, [
      "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
      "Value '' at 'exclusiveStartShardId' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
      "Value '' at 'exclusiveStartShardId' failed to satisfy constraint: Member must have length greater than or equal to 1",
      "Value '' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
      "Value '' at 'streamName' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ]);
  });

  test("DescribeStream refuses a stream that does not exist, by name and by ARN", async () => {
    await assertStreamNotFound("DescribeStream", { StreamName: absent }, absent);
    await assertStreamNotFound("DescribeStream", { StreamARN: await streamArn(absent) }, absent);
  });

  test("DescribeStream floors fractions and clamps numbers beyond 32 bits before it checks them", async () => {
    await assertViolations("DescribeStream", { StreamName: absent, Limit: 100_000_000_000 }, [
      "Value '2147483647' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000",
    ]);
    await assertViolations("DescribeStream", { StreamName: absent, Limit: 0.9 }, [
      "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
    ]);
  });

  test("DescribeStream takes null for absent and ignores members that it does not know", async () => {
    const input = { StreamName: stream.name, Limit: null, ExclusiveStartShardId: null, Nonsense: { a: [1] } };
    const { StreamDescription } = await ok("DescribeStream", input);
    assert.equal(StreamDescription.StreamName, stream.name);
  });

  test("DescribeStream describes an ordinary stream with these members and no others", async () => {
    const { StreamDescription } = await ok("DescribeStream", { StreamName: stream.name });
    const { Shards, StreamCreationTimestamp, ...rest } = StreamDescription;
    assert.deepEqual(rest, {
      StreamName: stream.name,
      StreamARN: `arn:aws:kinesis:${target().region}:${await account()}:stream/${stream.name}`,
      StreamStatus: "ACTIVE",
      StreamModeDetails: { StreamMode: "PROVISIONED" },
      HasMoreShards: false,
      RetentionPeriodHours: 24,
      EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
      EncryptionType: "NONE",
    });
    assert.equal(Shards.length, 3);
    assert.ok(Number.isInteger(StreamCreationTimestamp), "creation in whole seconds");
    assert.ok(Math.abs(Date.now() / 1000 - StreamCreationTimestamp) < 3600);
  });

  test("DescribeStream never gives a StreamId, which would send SDKs to another endpoint", async () => {
    assert.equal("StreamId" in (await ok("DescribeStream", { StreamName: stream.name })).StreamDescription, false);
  });

  test("DescribeStream takes an ARN instead of a name, and both when they agree", async () => {
    for (const input of [{ StreamARN: stream.arn }, { StreamARN: stream.arn, StreamName: stream.name }]) {
      assert.equal((await ok("DescribeStream", input)).StreamDescription.StreamName, stream.name);
    }
  });

  test("DescribeStream does not take the ARN of another account or region for a stream here", async () => {
    const foreign = [
      stream.arn.replace(/:\d{12}:/, ":999999999999:"),
      stream.arn.replace(target().region, target().region === "eu-west-1" ? "us-west-2" : "eu-west-1"),
    ];
    for (const StreamARN of foreign) {
      const { type } = await refused("DescribeStream", { StreamARN });
      assert.match(type, /^(ResourceNotFound|AccessDenied)Exception$/);
    }
  });

  test("DescribeStream pages by Limit and ExclusiveStartShardId", async () => {
    const StreamName = stream.name;
    const ids = async (input: object) => {
      const { Shards, HasMoreShards } = (await ok("DescribeStream", { StreamName, ...input })).StreamDescription;
      return [Shards.map(({ ShardId }) => ShardId.slice(-1)).join(""), HasMoreShards];
    };
    assert.deepEqual(await ids({ Limit: 1 }), ["0", true]);
    assert.deepEqual(await ids({ Limit: 3 }), ["012", false]);
    assert.deepEqual(await ids({ ExclusiveStartShardId: "shardId-000000000000" }), ["12", false]);
    assert.deepEqual(await ids({ Limit: 1, ExclusiveStartShardId: "shardId-000000000000" }), ["1", true]);
    assert.deepEqual(await ids({ Limit: 1, ExclusiveStartShardId: "shardId-000000000001" }), ["2", false]);
    assert.deepEqual(await ids({ ExclusiveStartShardId: "shardId-000000000002" }), ["", false]);
  });

  test("DescribeStream gives a hundred shards at most, whatever the Limit", () =>
    withStream({ shards: 101 }, async ({ StreamName }) => {
      for (const input of [{}, { Limit: 10_000 }]) {
        const { Shards, HasMoreShards } = (await ok("DescribeStream", { StreamName, ...input })).StreamDescription;
        assert.equal(Shards.length, 100);
        assert.equal(HasMoreShards, true);
      }
      const rest = await ok("DescribeStream", { StreamName, ExclusiveStartShardId: "shardId-000000000099" });
      assert.deepEqual(
        rest.StreamDescription.Shards.map(({ ShardId }) => ShardId),
        ["shardId-000000000100"],
      );
    }));
});
