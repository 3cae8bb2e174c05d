import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs, assertStreamNotFound } from "./support/assert-refused.ts";
import { call, ok } from "./support/call.ts";
import { testInput } from "./support/input-shape.ts";
import { streamArnPattern, streamIdPattern } from "./support/patterns.ts";
import { base64, readRecords } from "./support/read-shard.ts";
import { streamArn, suiteStream, uniqueName } from "./support/stream-fixture.ts";

describe("UpdateStreamRecordDistributionStrategy", () => {
  const provisioned = suiteStream();
  const onDemand = suiteStream({ shards: "on-demand" });
  const operation = "UpdateStreamRecordDistributionStrategy";

  testInput(
    "UpdateStreamRecordDistributionStrategy",
    { StreamARN: "arn:aws:kinesis:us-east-1:123456789012:stream/absent", RecordDistributionStrategy: "AUTO" },
    {
      StreamARN: { type: "String", required: true, min: 1, max: 2048, pattern: streamArnPattern },
      StreamId: { type: "String", min: 1, max: 24, pattern: streamIdPattern },
      RecordDistributionStrategy: { type: "String", required: true, values: ["AUTO", "USER_PARTITION_KEY"] },
    },
  );

  test(`${operation} refuses a stream that does not exist`, async () => {
    const absent = uniqueName("absent");
    const input = { StreamARN: await streamArn(absent), RecordDistributionStrategy: "AUTO" };
    await assertStreamNotFound(operation, input, absent);
  });

  test(`${operation} refuses AUTO on a provisioned stream`, async () => {
    const input = { StreamARN: provisioned.arn, RecordDistributionStrategy: "AUTO" };
    await assertRefusedAs(operation, input, "InvalidArgumentException");
  });

  test(`${operation} holds at once: with AUTO a record needs no key and its key chooses no shard`, async () => {
    const StreamName = onDemand.name;
    const answer = await call(operation, { StreamARN: onDemand.arn, RecordDistributionStrategy: "AUTO" });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.text, "");
    const summary = await ok("DescribeStreamSummary", { StreamName });
    assert.equal(summary.StreamDescriptionSummary.RecordDistributionStrategy, "AUTO");

    const Records = Array.from({ length: 100 }, () => ({ Data: base64("x"), PartitionKey: "same" }));
    const put = await ok("PutRecords", { StreamName, Records });
    assert.equal(new Set(put.Records.map(({ ShardId }) => ShardId)).size, 4);

    const keyless = await ok("PutRecord", { StreamName, Data: base64("keyless") });
    const place = { StreamName, ShardId: keyless.ShardId, ShardIteratorType: "AT_SEQUENCE_NUMBER" };
    const [record] = await readRecords({ ...place, StartingSequenceNumber: keyless.SequenceNumber }, 1);
    assert.equal(record?.Data, base64("keyless"));
    assert.equal("PartitionKey" in record, false);

    await ok(operation, { StreamARN: onDemand.arn, RecordDistributionStrategy: "USER_PARTITION_KEY" });
    const again = await ok("PutRecords", { StreamName, Records });
    assert.equal(new Set(again.Records.map(({ ShardId }) => ShardId)).size, 1);
  });
});
