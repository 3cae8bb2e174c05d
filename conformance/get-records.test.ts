import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs, assertSays } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { testInput } from "./support/input-shape.ts";
import { streamArnPattern, streamIdPattern } from "./support/patterns.ts";
import { base64, iteratorAt, readRecords } from "./support/read-shard.ts";
import { decodeSequenceNumber } from "./support/sequence-number.ts";
import { suiteStream, withStream } from "./support/stream-fixture.ts";
import { assertViolations } from "./support/test-constraints.ts";

const idOf = (index: number): string => `shardId-${index.toString().padStart(12, "0")}`;

describe("GetRecords", () => {
  const stream = suiteStream({ shards: 3 });
  const put = async (text: string, PartitionKey: string) =>
    ok("PutRecord", { StreamName: stream.name, Data: base64(text), PartitionKey });

  testInput(
    "GetRecords",
    { ShardIterator: "a" },
    {
      ShardIterator: { type: "String", required: true, min: 1, max: 512 },
      Limit: { type: "Integer", min: 1, max: 10000 },
      StreamARN: { type: "String", min: 1, max: 2048, pattern: streamArnPattern },
      StreamId: { type: "String", min: 1, max: 24, pattern: streamIdPattern },
      DryRun: { type: "Boolean" },
    },
  );

  test("GetRecords lists several violations in one sentence", async () => {
    await assertViolations("GetRecords", { ShardIterator: "", Limit: 0 }, [
      "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
      "Value '' at 'shardIterator' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ]);
  });

  test("GetRecords refuses a Limit over ten thousand as a violation, not as an argument", async () => {
    await assertViolations("GetRecords", { ShardIterator: "a", Limit: 10_001 }, [
      "Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000",
    ]);
  });

  test("GetRecords refuses what is no iterator with one sentence for all", async () => {
    const real = await iteratorAt({ StreamName: stream.name, ShardId: "0" });
    const bytes = Buffer.from(real, "base64");
    const changed = Buffer.from(bytes);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    for (const ShardIterator of [
      "a",
      "AAAAAAAAAAE=",
      real.slice(0, -4),
      `${real}AAAA`,
      changed.toString("base64"),
      Buffer.alloc(152).toString("base64"),
      bytes.subarray(16).toString("base64"),
      "*".repeat(200),
    ]) {
      await assertSays("GetRecords", { ShardIterator }, "iterator-invalid");
    }
  });

  test("GetRecords takes an iterator in an extra pair of double quotes", async () => {
    const real = await iteratorAt({ StreamName: stream.name, ShardId: "0" });
    await ok("GetRecords", { ShardIterator: `"${real}"` });
  });

  test("GetRecords gives a record these members and no others", async () => {
    const before = Date.now() / 1000;
    const { SequenceNumber, ShardId } = await put("whole", "e");
    const [record] = await readRecords(
      {
        StreamName: stream.name,
        ShardId,
        ShardIteratorType: "AT_SEQUENCE_NUMBER",
        StartingSequenceNumber: SequenceNumber,
      },
      1,
    );
    assert.ok(record);
    const { ApproximateArrivalTimestamp, ...rest } = record;
    assert.deepEqual(rest, { SequenceNumber, Data: base64("whole"), PartitionKey: "e" });
    assert.ok(
      Math.abs(ApproximateArrivalTimestamp - before) < 300,
      `${ApproximateArrivalTimestamp} is in epoch seconds`,
    );
    const { time } = decodeSequenceNumber(SequenceNumber);
    assert.ok(ApproximateArrivalTimestamp >= time && ApproximateArrivalTimestamp < time + 4);
  });

  test("GetRecords gives back Data byte for byte", async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    for (const length of [0, 1, 2, 3, 255, 256]) {
      const Data = bytes.subarray(0, length).toString("base64");
      const { SequenceNumber, ShardId } = await ok("PutRecord", { StreamName: stream.name, Data, PartitionKey: "e" });
      const place = { StreamName: stream.name, ShardId, ShardIteratorType: "AT_SEQUENCE_NUMBER" };
      const [record] = await readRecords({ ...place, StartingSequenceNumber: SequenceNumber }, 1);
      assert.equal(record?.Data, Data);
    }
  });

  test("GetRecords gives an empty page with an iterator for a shard without records", async () => {
    await withStream({ shards: 1 }, async ({ StreamName }) => {
      const first = await ok("GetRecords", { ShardIterator: await iteratorAt({ StreamName, ShardId: "0" }) });
      assert.deepEqual(Object.keys(first).sort(), ["MillisBehindLatest", "NextShardIterator", "Records"]);
      assert.deepEqual([first.Records, first.MillisBehindLatest], [[], 0]);
      const { SequenceNumber } = await ok("PutRecord", { StreamName, Data: "", PartitionKey: "a" });
      const second = await ok("GetRecords", { ShardIterator: first.NextShardIterator });
      assert.deepEqual(
        second.Records.map((record) => record.SequenceNumber),
        [SequenceNumber],
      );
    });
  });

  test("GetRecords gives a fresh iterator each time, and an iterator may be read many times", async () => {
    const { SequenceNumber } = await put("again", "b");
    const ShardIterator = await iteratorAt({
      StreamName: stream.name,
      ShardId: "1",
      ShardIteratorType: "AT_SEQUENCE_NUMBER",
      StartingSequenceNumber: SequenceNumber,
    });
    await put("more", "b");
    const one = await ok("GetRecords", { ShardIterator, Limit: 1 });
    const both = await ok("GetRecords", { ShardIterator });
    assert.deepEqual([one.Records.length, both.Records.length], [1, 2]);
    assert.notEqual(one.NextShardIterator, ShardIterator);
    assert.notEqual(one.NextShardIterator, both.NextShardIterator);
    const rest = await ok("GetRecords", { ShardIterator: one.NextShardIterator });
    assert.deepEqual(rest.Records, both.Records.slice(1));
  });

  test("GetRecords says how far behind the latest record the page ends", () =>
    withStream({ shards: 1 }, async ({ StreamName }) => {
      for (let i = 0; i < 3; i++) await ok("PutRecord", { StreamName, Data: "", PartitionKey: "a" });
      const start = await ok("GetRecords", { ShardIterator: await iteratorAt({ StreamName, ShardId: "0" }), Limit: 1 });
      assert.ok(start.MillisBehindLatest >= 0 && start.MillisBehindLatest < 120_000);
      const end = await ok("GetRecords", { ShardIterator: start.NextShardIterator });
      assert.equal(end.MillisBehindLatest, 0);
    }));

  test("GetRecords stops at ten MiB and goes on from there", () =>
    withStream({ shards: 1 }, async ({ StreamName }) => {
      const Data = Buffer.alloc(1_000_000, "x").toString("base64");
      const numbers: string[] = [];
      for (let i = 0; i < 12; i++) {
        numbers.push((await ok("PutRecord", { StreamName, Data, PartitionKey: "a" })).SequenceNumber);
      }
      const first = await ok("GetRecords", { ShardIterator: await iteratorAt({ StreamName, ShardId: "0" }) });
      assert.ok(first.Records.length < numbers.length);
      const rest: string[] = [];
      let page = first;
      while (first.Records.length + rest.length < numbers.length) {
        page = await ok("GetRecords", { ShardIterator: page.NextShardIterator });
        rest.push(...page.Records.map(({ SequenceNumber }) => SequenceNumber));
      }
      assert.deepEqual([...first.Records.map(({ SequenceNumber }) => SequenceNumber), ...rest], numbers);
    }));

  test("GetRecords takes the ARN of the iterator's stream, and of no other", async () => {
    const ShardIterator = await iteratorAt({ StreamName: stream.name, ShardId: idOf(1) });
    await ok("GetRecords", { ShardIterator, StreamARN: stream.arn });
  });

  test("GetRecords with DryRun says that it would have worked, or why not", async () => {
    const ShardIterator = await iteratorAt({ StreamName: stream.name, ShardId: "0" });
    await assertRefusedAs("GetRecords", { ShardIterator, DryRun: true }, "DryRunOperationException");
    await assertSays("GetRecords", { ShardIterator: "a", DryRun: true }, "iterator-invalid");
  });
});
