import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs, assertStreamNotFound } from "./support/assert-refused.ts";
import { call, ok } from "./support/call.ts";
import { streamMembers, testInput } from "./support/input-shape.ts";
import { base64, readRecords } from "./support/read-shard.ts";
import { poll, streamArn, uniqueName, untilActive, withStream } from "./support/stream-fixture.ts";

/** The key that the service keeps for everybody. */
const KeyId = "alias/aws/kinesis";
/** On the service, one that the account has made; elsewhere any. */
const otherKeyId = process.env["KMS_KEY_ID"] ?? "alias/conformance";

describe("StartStreamEncryption", () => {
  const absent = uniqueName("absent");

  testInput(
    "StartStreamEncryption",
    { StreamName: absent, EncryptionType: "KMS", KeyId },
    {
      ...streamMembers,
      EncryptionType: { type: "String", required: true, values: ["NONE", "KMS"] },
      KeyId: { type: "String", required: true, min: 1, max: 2048 },
    },
  );

  test("StartStreamEncryption refuses a stream that does not exist, by name and by ARN", async () => {
    const input = { EncryptionType: "KMS", KeyId };
    await assertStreamNotFound("StartStreamEncryption", { ...input, StreamName: absent }, absent);
    await assertStreamNotFound("StartStreamEncryption", { ...input, StreamARN: await streamArn(absent) }, absent);
  });

  test("StartStreamEncryption refuses the type NONE", () =>
    withStream({}, async ({ StreamName }) => {
      const input = { StreamName, EncryptionType: "NONE", KeyId };
      await assertRefusedAs("StartStreamEncryption", input, "InvalidArgumentException");
    }));

  test("StartStreamEncryption marks the records that are written from then on, and no others", () =>
    withStream({}, async ({ StreamName }) => {
      const record = (text: string) => ({ StreamName, Data: base64(text), PartitionKey: "a" });
      await ok("PutRecord", record("clear"));
      const answer = await call("StartStreamEncryption", { StreamName, EncryptionType: "KMS", KeyId });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.text, "");
      const described = await untilActive(StreamName);
      assert.deepEqual([described.EncryptionType, described.KeyId], ["KMS", KeyId]);
      const summary = await ok("DescribeStreamSummary", { StreamName });
      assert.equal(summary.StreamDescriptionSummary.EncryptionType, "KMS");
      assert.equal(summary.StreamDescriptionSummary.KeyId, KeyId);

      // The service takes up to five seconds more until every new record is encrypted.
      let putCount = 0;
      const put = await poll(
        () => {
          putCount += 1;
          return ok("PutRecord", record("secret"));
        },
        ({ EncryptionType }) => EncryptionType === "KMS",
        "records are encrypted",
      );
      const batch = await ok("PutRecords", { StreamName, Records: [{ Data: "", PartitionKey: "a" }] });
      assert.equal(batch.EncryptionType, "KMS");
      const records = await readRecords({ StreamName, ShardId: put.ShardId }, putCount + 2);
      assert.equal("EncryptionType" in (records[0] ?? {}), false);
      assert.equal(records.at(-1)?.EncryptionType, "KMS");
      assert.equal(records.at(-2)?.Data, base64("secret"));
    }));

  test("StartStreamEncryption again with another key re-keys; records of both keys and none are read from one page", () =>
    withStream({}, async ({ StreamName }) => {
      const record = (text: string) => ({ StreamName, Data: base64(text), PartitionKey: "a" });
      const { ShardId } = await ok("PutRecord", record("clear"));
      let putCount = 1;
      for (const key of [KeyId, otherKeyId]) {
        await ok("StartStreamEncryption", { StreamName, EncryptionType: "KMS", KeyId: key });
        assert.equal((await untilActive(StreamName)).KeyId, key);
        await poll(
          () => {
            putCount += 1;
            return ok("PutRecord", record(key));
          },
          ({ EncryptionType }) => EncryptionType === "KMS",
          "records are encrypted",
        );
      }
      const records = await readRecords({ StreamName, ShardId }, putCount);
      assert.deepEqual([records[0]?.Data, records[0]?.EncryptionType], [base64("clear"), undefined]);
      assert.ok(records.some(({ Data, EncryptionType }) => Data === base64(KeyId) && EncryptionType === "KMS"));
      assert.deepEqual([records.at(-1)?.Data, records.at(-1)?.EncryptionType], [base64(otherKeyId), "KMS"]);
    }));
});
