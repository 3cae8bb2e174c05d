import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs, assertSays, assertStreamNotFound } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { streamMembers, testInput } from "./support/input-shape.ts";
import { hashKeyPattern } from "./support/patterns.ts";
import { base64, readRecords } from "./support/read-shard.ts";
import { decodeSequenceNumber } from "./support/sequence-number.ts";
import { streamArn, suiteStream, uniqueName, withStream } from "./support/stream-fixture.ts";
import { assertViolations } from "./support/test-constraints.ts";

const idOf = (index: number): string => `shardId-${index.toString().padStart(12, "0")}`;

describe("PutRecords", () => {
  const stream = suiteStream({ shards: 3 });
  const absent = uniqueName("absent");

  testInput(
    "PutRecords",
    { StreamName: absent, Records: [{ Data: "", PartitionKey: "a" }] },
    {
      ...streamMembers,
      Records: { type: "List", required: true, min: 1, max: 500 },
      "Records[]": { type: "Structure" },
      "Records[].Data": { type: "Blob", required: true },
      "Records[].ExplicitHashKey": { type: "String", pattern: hashKeyPattern },
      "Records[].PartitionKey": { type: "String", min: 1, max: 256 },
      DryRun: { type: "Boolean" },
    },
  );

  test("PutRecords takes one to five hundred records, and prints none of them", async () => {
    await assertViolations("PutRecords", { StreamName: absent }, [
      "Value null at 'records' failed to satisfy constraint: Member must not be null",
    ]);
    const Records = Array.from({ length: 501 }, () => ({ Data: "", PartitionKey: "a" }));
    await assertViolations("PutRecords", { StreamName: absent, Records }, [
      "Value at 'records' failed to satisfy constraint: Member must have length less than or equal to 500",
    ]);
  });

  test("PutRecords names each record that violates a constraint, from 1 on", async () => {
    const Records = [
      { Data: "", PartitionKey: "a" },
      { PartitionKey: "", ExplicitHashKey: "" },
      { Data: "", PartitionKey: "k".repeat(257), ExplicitHashKey: "01" },
    ];
    await assertViolations("PutRecords", { StreamName: absent, Records }, [
      "Value '' at 'records.2.member.partitionKey' failed to satisfy constraint: Member must have length greater than or equal to 1",
      "Value '' at 'records.2.member.explicitHashKey' failed to satisfy constraint: Member must satisfy regular expression pattern: 0|([1-9]\\d{0,38})",
      "Value null at 'records.2.member.data' failed to satisfy constraint: Member must not be null",
      `Value '${"k".repeat(257)}' at 'records.3.member.partitionKey' failed to satisfy constraint: Member must have length less than or equal to 256`,
      "Value '01' at 'records.3.member.explicitHashKey' failed to satisfy constraint: Member must satisfy regular expression pattern: 0|([1-9]\\d{0,38})",
    ]);
  });

  test("PutRecords stops counting at ten violations", async () => {
    const Records = Array.from({ length: 20 }, () => ({ PartitionKey: "a" }));
    await assertViolations(
      "PutRecords",
      { StreamName: absent, Records },
      Array.from(
        { length: 10 },
        (_, i) => `Value null at 'records.${i + 1}.member.data' failed to satisfy constraint: Member must not be null`,
      ),
    );
  });

  test("PutRecords refuses a stream that does not exist, by name and by ARN", async () => {
    const Records = [{ Data: "", PartitionKey: "a" }];
    await assertStreamNotFound("PutRecords", { StreamName: absent, Records }, absent);
    await assertStreamNotFound("PutRecords", { StreamARN: await streamArn(absent), Records }, absent);
  });

  test("PutRecords answers in the order of the request and counts no failure as 0", async () => {
    const Records = ["a", "b", "e", "f", "a"].map((PartitionKey, i) => ({ Data: base64(`${i}`), PartitionKey }));
    const answer = await ok("PutRecords", { StreamARN: stream.arn, Records });
    assert.deepEqual(Object.keys(answer).sort(), ["FailedRecordCount", "Records"]);
    assert.equal(answer.FailedRecordCount, 0);
    assert.deepEqual(
      answer.Records.map(({ ShardId }) => ShardId),
      [0, 1, 2, 1, 0].map(idOf),
    );
    for (const entry of answer.Records) assert.deepEqual(Object.keys(entry).sort(), ["SequenceNumber", "ShardId"]);
    const shards = answer.Records.map(({ SequenceNumber = "" }) => decodeSequenceNumber(SequenceNumber).shard);
    assert.deepEqual(shards, [0, 1, 2, 1, 0]);
  });

  test("PutRecords numbers and stores the records of a shard in the order of the request", async () => {
    const Records = Array.from({ length: 20 }, (_, i) => ({ Data: base64(`${i}`), PartitionKey: "e" }));
    const answer = await ok("PutRecords", { StreamName: stream.name, Records });
    const numbers = answer.Records.map(({ SequenceNumber = "" }) => BigInt(SequenceNumber));
    assert.deepEqual(
      numbers,
      numbers.toSorted((one, other) => (one < other ? -1 : 1)),
    );
    const place = { StreamName: stream.name, ShardId: "2", ShardIteratorType: "AT_SEQUENCE_NUMBER" };
    const stored = await readRecords({ ...place, StartingSequenceNumber: `${numbers[0]}` }, 20);
    assert.deepEqual(
      stored.map((record) => record.Data),
      Records.map((record) => record.Data),
    );
  });

  test("PutRecords refuses the whole request for one ExplicitHashKey beyond 128 bits", async () => {
    const value = (2n ** 128n).toString();
    const Records = [
      { Data: "", PartitionKey: "a" },
      { Data: "", PartitionKey: "a", ExplicitHashKey: value },
    ];
    await assertSays("PutRecords", { StreamName: stream.name, Records }, "hash-key-range", { value });
  });

  test("PutRecords refuses the whole request for one record over the stream's maximum, key included", async () => {
    const Records = [
      { Data: "", PartitionKey: "a" },
      { Data: Buffer.alloc(1_048_576).toString("base64"), PartitionKey: "a" },
    ];
    const values = { index: 2, maxBytes: 1_048_576 };
    await assertSays("PutRecords", { StreamName: stream.name, Records }, "record-too-big-batch", values);
  });

  test("PutRecords goes by the greatest record size of the stream", () =>
    withStream({ extra: { MaxRecordSizeInKiB: 2048 } }, async ({ StreamName }) => {
      const record = (bytes: number) => ({ Data: Buffer.alloc(bytes).toString("base64"), PartitionKey: "a" });
      assert.equal((await ok("PutRecords", { StreamName, Records: [record(2_097_151)] })).FailedRecordCount, 0);
      const values = { index: 1, maxBytes: 2_097_152 };
      await assertSays("PutRecords", { StreamName, Records: [record(2_097_152)] }, "record-too-big-batch", values);
    }));

  test("PutRecords refuses more than 10 MiB of data and keys together", async () => {
    const Data = Buffer.alloc(1_000_000).toString("base64");
    const Records = Array.from({ length: 11 }, (_, i) => ({ Data, PartitionKey: `${i}` }));
    await assertSays("PutRecords", { StreamName: stream.name, Records }, "putrecords-total");
  });

  test("PutRecords needs a partition key in each record", async () => {
    const Records = [{ Data: "", PartitionKey: "a" }, { Data: "" }];
    await assertViolations("PutRecords", { StreamName: stream.name, Records }, [
      "Value null at 'records.2.member.partitionKey' failed to satisfy constraint: Member must not be null",
    ]);
  });

  test("PutRecords with DryRun writes nothing and says that it would have", () =>
    withStream({}, async ({ StreamName }) => {
      const Records = [{ Data: base64("dry"), PartitionKey: "a" }];
      await assertRefusedAs("PutRecords", { StreamName, Records, DryRun: true }, "DryRunOperationException");
      await ok("PutRecords", { StreamName, Records: [{ Data: base64("wet"), PartitionKey: "a" }] });
      const [first] = await readRecords({ StreamName, ShardId: "0" }, 1);
      assert.equal(first?.Data, base64("wet"));
    }));
});
