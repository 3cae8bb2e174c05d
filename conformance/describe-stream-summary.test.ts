import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertStreamNotFound } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { streamMembers, testInput } from "./support/input-shape.ts";
import { streamArn, suiteStream, uniqueName, withStream } from "./support/stream-fixture.ts";

describe("DescribeStreamSummary", () => {
  const stream = suiteStream({ shards: 2 });
  const absent = uniqueName("absent");

  testInput(
    "DescribeStreamSummary",
    { StreamName: absent },
    {
      ...streamMembers,
    },
  );

  test("DescribeStreamSummary refuses a stream that does not exist, by name and by ARN", async () => {
    await assertStreamNotFound("DescribeStreamSummary", { StreamName: absent }, absent);
    await assertStreamNotFound("DescribeStreamSummary", { StreamARN: await streamArn(absent) }, absent);
  });

  test("DescribeStreamSummary says what DescribeStream says without shards, and counts shards and consumers", async () => {
    const { StreamDescriptionSummary } = await ok("DescribeStreamSummary", { StreamARN: stream.arn });
    const { StreamDescription } = await ok("DescribeStream", { StreamName: stream.name });
    const { Shards, HasMoreShards, ...described } = StreamDescription;
    const { OpenShardCount, ConsumerCount, MaxRecordSizeInKiB, ...rest } = StreamDescriptionSummary;
    assert.equal(OpenShardCount, Shards.length);
    assert.equal(ConsumerCount, 0);
    assert.equal(MaxRecordSizeInKiB, 1024);
    assert.equal(HasMoreShards, false);
    for (const [name, value] of Object.entries(described))
      assert.deepEqual(rest[name as keyof typeof rest], value, name);
  });

  test("DescribeStreamSummary never gives a StreamId, which would send SDKs to another endpoint", async () => {
    const { StreamDescriptionSummary } = await ok("DescribeStreamSummary", { StreamName: stream.name });
    assert.equal("StreamId" in StreamDescriptionSummary, false);
  });

  test("DescribeStreamSummary names the distribution strategy of on-demand streams only", async () => {
    const strategyOf = async (StreamName: string) =>
      (await ok("DescribeStreamSummary", { StreamName })).StreamDescriptionSummary.RecordDistributionStrategy;
    assert.equal(await strategyOf(stream.name), undefined);
    await withStream({ shards: "on-demand" }, async ({ StreamName }) => {
      assert.equal(await strategyOf(StreamName), "USER_PARTITION_KEY");
    });
  });
});
