import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs, assertSays, assertStreamNotFound } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { streamMembers, testInput } from "./support/input-shape.ts";
import { hashKeyPattern, sequenceNumberPattern } from "./support/patterns.ts";
import { base64, readRecords } from "./support/read-shard.ts";
import { decodeSequenceNumber, encodeSequenceNumber } from "./support/sequence-number.ts";
import { streamArn, suiteStream, uniqueName } from "./support/stream-fixture.ts";
import { assertViolations } from "./support/test-constraints.ts";

/** MD5 of the key's UTF-8 bytes decides among three equal shards. */
const shardOfKey = { a: 0, b: 1, e: 2, f: 1, "1": 2, é: 1, "😀": 0, 日本: 0 } as const;
const idOf = (index: number): string => `shardId-${index.toString().padStart(12, "0")}`;

describe("PutRecord", () => {
  const stream = suiteStream({ shards: 3 });
  const absent = uniqueName("absent");
  const Data = base64("data");

  testInput(
    "PutRecord",
    { StreamName: absent, Data: "", PartitionKey: "a" },
    {
      ...streamMembers,
      Data: { type: "Blob", required: true },
      PartitionKey: { type: "String", min: 1, max: 256 },
      ExplicitHashKey: { type: "String", pattern: hashKeyPattern },
      SequenceNumberForOrdering: { type: "String", pattern: sequenceNumberPattern },
      DryRun: { type: "Boolean" },
    },
  );

  test("PutRecord lists several violations in one sentence", async () => {
    const input = { StreamName: "", PartitionKey: "", ExplicitHashKey: "", SequenceNumberForOrdering: "" };
    await assertViolations("PutRecord", input, [
      "Value '' at 'sequenceNumberForOrdering' failed to satisfy constraint: Member must satisfy regular expression pattern: 0|([1-9]\\d{0,128})",
      "Value '' at 'partitionKey' failed to satisfy constraint: Member must have length greater than or equal to 1",
      "Value '' at 'explicitHashKey' failed to satisfy constraint: Member must satisfy regular expression pattern: 0|([1-9]\\d{0,38})",
      "Value null at 'data' failed to satisfy constraint: Member must not be null",
      "Value '' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
      "Value '' at 'streamName' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ]);
  });

  test("PutRecord leaves the value out when it refuses Data of more than 10 MiB", async () => {
    const input = { StreamName: absent, PartitionKey: "a", Data: Buffer.alloc(10_485_761).toString("base64") };
    await assertViolations("PutRecord", input, [
      "Value at 'data' failed to satisfy constraint: Member must have length less than or equal to 10485760",
    ]);
  });

  test("PutRecord refuses a stream that does not exist, by name and by ARN", async () => {
    await assertStreamNotFound("PutRecord", { StreamName: absent, Data, PartitionKey: "a" }, absent);
    await assertStreamNotFound("PutRecord", { StreamARN: await streamArn(absent), Data, PartitionKey: "a" }, absent);
  });

  test("PutRecord answers with shard and sequence number and nothing else", async () => {
    const answer = await ok("PutRecord", { StreamARN: stream.arn, Data, PartitionKey: "a" });
    assert.deepEqual(Object.keys(answer).sort(), ["SequenceNumber", "ShardId"]);
    const { create, time, seqIx, shard } = decodeSequenceNumber(answer.SequenceNumber);
    const start = decodeSequenceNumber(stream.shards[0]?.SequenceNumberRange.StartingSequenceNumber ?? "");
    assert.deepEqual([create, shard], [start.create, 0]);
    assert.ok(time >= create);
    assert.ok(seqIx > 0n, "the first record is behind the shard's start");
  });

  for (const [key, shard] of Object.entries(shardOfKey)) {
    test(`PutRecord places the partition key ${key} by the MD5 of its UTF-8 bytes`, async () => {
      const { ShardId } = await ok("PutRecord", { StreamName: stream.name, Data, PartitionKey: key });
      assert.equal(ShardId, idOf(shard));
    });
  }

  test("PutRecord places by ExplicitHashKey instead of the partition key", async () => {
    for (const [shard, { HashKeyRange }] of stream.shards.entries()) {
      for (const ExplicitHashKey of [HashKeyRange.StartingHashKey, HashKeyRange.EndingHashKey]) {
        const input = { StreamName: stream.name, Data, PartitionKey: "a", ExplicitHashKey };
        assert.equal((await ok("PutRecord", input)).ShardId, idOf(shard));
      }
    }
  });

  test("PutRecord refuses an ExplicitHashKey beyond 128 bits", async () => {
    for (const value of [2n ** 128n, 10n ** 39n - 1n]) {
      const input = { StreamName: stream.name, Data, PartitionKey: "a", ExplicitHashKey: value.toString() };
      await assertSays("PutRecord", input, "hash-key-range", { value });
    }
  });

  test("PutRecord takes empty data and 256 characters of key, and gives both back", async () => {
    const PartitionKey = "ü".repeat(256);
    const put = await ok("PutRecord", { StreamName: stream.name, Data: "", PartitionKey, ExplicitHashKey: "0" });
    const place = { StreamName: stream.name, ShardId: put.ShardId, ShardIteratorType: "AT_SEQUENCE_NUMBER" };
    const [record] = await readRecords({ ...place, StartingSequenceNumber: put.SequenceNumber }, 1);
    assert.equal(record?.Data, "");
    assert.equal(record?.PartitionKey, PartitionKey);
  });

  test("PutRecord needs a partition key, also beside an ExplicitHashKey", async () => {
    const expected = ["Value null at 'partitionKey' failed to satisfy constraint: Member must not be null"];
    await assertViolations("PutRecord", { StreamName: stream.name, Data }, expected);
    await assertViolations("PutRecord", { StreamName: stream.name, Data, ExplicitHashKey: "0" }, expected);
  });

  test("PutRecord takes data and key of one MiB together and not a byte more", async () => {
    const input = { StreamName: stream.name, PartitionKey: "a", ExplicitHashKey: "0" };
    await ok("PutRecord", { ...input, Data: Buffer.alloc(1_048_575).toString("base64") });
    await assertViolations("PutRecord", { ...input, Data: Buffer.alloc(1_048_576).toString("base64") }, [
      "Value at 'data' failed to satisfy constraint: Member must have length less than or equal to 1048576",
    ]);
  });

  test("PutRecord numbers a shard's records upwards", async () => {
    let previous = 0n;
    for (let i = 0; i < 5; i++) {
      const { SequenceNumber } = await ok("PutRecord", { StreamName: stream.name, Data, PartitionKey: "a" });
      assert.ok(BigInt(SequenceNumber) > previous);
      previous = BigInt(SequenceNumber);
    }
  });

  test("PutRecord goes beyond SequenceNumberForOrdering, whichever shard that is of", async () => {
    const first = await ok("PutRecord", { StreamName: stream.name, Data, PartitionKey: "a" });
    for (const PartitionKey of ["a", "b"]) {
      const SequenceNumberForOrdering = first.SequenceNumber;
      const next = await ok("PutRecord", { StreamName: stream.name, Data, PartitionKey, SequenceNumberForOrdering });
      assert.ok(BigInt(next.SequenceNumber) > BigInt(first.SequenceNumber));
    }
  });

  test("PutRecord takes a number of version 2 or 1 with all its fields zero for ordering", async () => {
    // The leading digit and the version are left: 2 at the top, 1 or 2 at the bottom.
    for (const version of [1n, 2n]) {
      const SequenceNumberForOrdering = (2n ** 185n + version).toString();
      await ok("PutRecord", { StreamName: stream.name, Data, PartitionKey: "a", SequenceNumberForOrdering });
    }
  });

  test("PutRecord refuses an ordering number from the future or of no known form", async () => {
    const { SequenceNumber } = await ok("PutRecord", { StreamName: stream.name, Data, PartitionKey: "a" });
    const known = decodeSequenceNumber(SequenceNumber);
    for (const value of [
      encodeSequenceNumber({ ...known, time: known.time + 3600 }),
      encodeSequenceNumber({ ...known, seqIx: 2n ** 63n }),
      encodeSequenceNumber({ ...known, create: 16_025_175_000, time: 0 }),
      (2n ** 186n + 2n).toString(),
      (2n ** 185n + 3n).toString(),
    ]) {
      const input = { StreamName: stream.name, Data, PartitionKey: "a", SequenceNumberForOrdering: value };
      await assertSays("PutRecord", input, "ordering-invalid", { value, stream: stream.name });
    }
  });

  test("PutRecord with DryRun writes nothing and says that it would have", async () => {
    const input = { StreamName: stream.name, Data, PartitionKey: "e", DryRun: true };
    await assertRefusedAs("PutRecord", input, "DryRunOperationException");
    await assertSays("PutRecord", { ...input, ExplicitHashKey: (2n ** 128n).toString() }, "hash-key-range", {
      value: 2n ** 128n,
    });
    const missing = { ...input, StreamName: absent };
    await assertStreamNotFound("PutRecord", missing, absent);
  });
});
