import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertStreamNotFound } from "./support/assert-refused.ts";
import { call, ok } from "./support/call.ts";
import { streamMembers, testInput } from "./support/input-shape.ts";
import { base64, readRecords } from "./support/read-shard.ts";
import { poll, streamArn, uniqueName, untilActive, withStream } from "./support/stream-fixture.ts";

const KeyId = "alias/aws/kinesis";

describe("StopStreamEncryption", () => {
  const absent = uniqueName("absent");

  testInput(
    "StopStreamEncryption",
    { StreamName: absent, EncryptionType: "KMS", KeyId },
    {
      ...streamMembers,
      EncryptionType: { type: "String", required: true, values: ["NONE", "KMS"] },
      KeyId: { type: "String", required: true, min: 1, max: 2048 },
    },
  );

  test("StopStreamEncryption refuses a stream that does not exist, by name and by ARN", async () => {
    const input = { EncryptionType: "KMS", KeyId };
    await assertStreamNotFound("StopStreamEncryption", { ...input, StreamName: absent }, absent);
    await assertStreamNotFound("StopStreamEncryption", { ...input, StreamARN: await streamArn(absent) }, absent);
  });

  test("StopStreamEncryption shows NONE without a key and leaves encrypted records readable", () =>
    withStream({}, async ({ StreamName }) => {
      const record = { StreamName, Data: base64("secret"), PartitionKey: "a" };
      await ok("StartStreamEncryption", { StreamName, EncryptionType: "KMS", KeyId });
      await untilActive(StreamName);
      await poll(
        () => ok("PutRecord", record),
        ({ EncryptionType }) => EncryptionType === "KMS",
        "records are encrypted",
      );
      const answer = await call("StopStreamEncryption", { StreamName, EncryptionType: "KMS", KeyId });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.text, "");
      const described = await untilActive(StreamName);
      assert.equal(described.EncryptionType, "NONE");
      assert.equal("KeyId" in described, false);
      const clear = await poll(
        () => ok("PutRecord", record),
        (put) => !("EncryptionType" in put),
        "records are not encrypted any more",
      );
      const [first] = await readRecords(
        {
          StreamName,
          ShardId: clear.ShardId,
          ShardIteratorType: "AT_SEQUENCE_NUMBER",
          StartingSequenceNumber: clear.SequenceNumber,
        },
        1,
      );
      assert.deepEqual([first?.Data, first?.EncryptionType], [record.Data, undefined]);
      const { Records } = await ok("GetRecords", {
        ShardIterator: (
          await ok("GetShardIterator", { StreamName, ShardId: clear.ShardId, ShardIteratorType: "TRIM_HORIZON" })
        ).ShardIterator,
      });
      assert.ok(Records.some(({ EncryptionType, Data }) => EncryptionType === "KMS" && Data === record.Data));
    }));
});
