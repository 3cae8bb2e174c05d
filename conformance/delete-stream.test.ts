import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs, assertSays, assertStreamNotFound } from "./support/assert-refused.ts";
import { call, ok } from "./support/call.ts";
import { streamMembers, testInput } from "./support/input-shape.ts";
import { base64, iteratorAt } from "./support/read-shard.ts";
import {
  activeStream,
  createStream,
  deleteStream,
  streamArn,
  uniqueName,
  untilActive,
  untilGone,
} from "./support/stream-fixture.ts";

describe("DeleteStream", () => {
  const absent = uniqueName("absent");

  testInput(
    "DeleteStream",
    { StreamName: absent },
    {
      ...streamMembers,
      EnforceConsumerDeletion: { type: "Boolean" },
    },
  );

  test("DeleteStream refuses a stream that does not exist, by name and by ARN", async () => {
    await assertStreamNotFound("DeleteStream", { StreamName: absent }, absent);
    await assertStreamNotFound("DeleteStream", { StreamARN: await streamArn(absent) }, absent);
  });

  test("DeleteStream answers with an empty body, and the stream is gone some time later", async () => {
    const { StreamName, StreamARN } = await activeStream();
    const answer = await call("DeleteStream", { StreamARN });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.text, "");
    await untilGone(StreamName);
    await assertStreamNotFound("DescribeStream", { StreamName }, StreamName);
    await assertStreamNotFound("PutRecord", { StreamName, Data: base64("a"), PartitionKey: "a" }, StreamName);
  });

  test("DeleteStream leaves the name free for a new stream, which knows nothing of the old one", async () => {
    const { StreamName } = await activeStream({ shards: 2, extra: { Tags: { old: "1" } } });
    const put = await ok("PutRecord", { StreamName, Data: base64("old"), PartitionKey: "a" });
    const [ofShard0, ofShard1] = await Promise.all(["0", "1"].map((ShardId) => iteratorAt({ StreamName, ShardId })));
    await ok("DeleteStream", { StreamName });
    await untilGone(StreamName);
    await createStream({ shards: 1 }, StreamName);
    try {
      await untilActive(StreamName);
      const values = { shard: "shardId-000000000001", stream: StreamName };
      await assertSays("GetRecords", { ShardIterator: ofShard1 }, "shard-does-not-exist", values);
      const { status, body } = await call("GetRecords", { ShardIterator: ofShard0 });
      assert.deepEqual([status, body], [500, { __type: "InternalFailure" }]);
      const page = await ok("GetRecords", { ShardIterator: await iteratorAt({ StreamName, ShardId: "0" }) });
      assert.deepEqual(page.Records, []);
      assert.deepEqual((await ok("ListTagsForStream", { StreamName })).Tags, []);
      const again = await ok("PutRecord", { StreamName, Data: base64("new"), PartitionKey: "a" });
      assert.ok(BigInt(again.SequenceNumber) > BigInt(put.SequenceNumber));
    } finally {
      await deleteStream(StreamName);
    }
  });

  test("DeleteStream leaves an iterator without its shard", async () => {
    const { StreamName } = await activeStream({ shards: 1 });
    const iterator = await iteratorAt({ StreamName, ShardId: "0" });
    await ok("DeleteStream", { StreamName });
    await untilGone(StreamName);
    await assertRefusedAs("GetRecords", { ShardIterator: iterator }, "ResourceNotFoundException");
  });

  test("DeleteStream takes words and fractions for a Boolean, as any operation does", async () => {
    for (const EnforceConsumerDeletion of ["true", "FALSE", "1", "0", "Yes", "no", 0.5]) {
      await assertStreamNotFound("DeleteStream", { StreamName: absent, EnforceConsumerDeletion }, absent);
    }
  });

  test("DeleteStream refuses a name in another case", async () => {
    const { StreamName } = await activeStream();
    try {
      await assertStreamNotFound("DeleteStream", { StreamName: StreamName.toUpperCase() }, StreamName.toUpperCase());
    } finally {
      await deleteStream(StreamName);
    }
  });
});
