import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs, assertSays } from "./support/assert-refused.ts";
import { call, ok, refused } from "./support/call.ts";
import { streamMembers, testInput } from "./support/input-shape.ts";
import { namePattern, sequenceNumberPattern } from "./support/patterns.ts";
import { base64, iteratorAt } from "./support/read-shard.ts";
import { decodeSequenceNumber, encodeSequenceNumber } from "./support/sequence-number.ts";
import { streamArn, suiteStream, uniqueName } from "./support/stream-fixture.ts";
import { assertViolations } from "./support/test-constraints.ts";

const shard0 = "shardId-000000000000";

/** Numbers of other streams of the service, and the shard that each was seen to name. */
const foreignNumbers = [
  ["49617597701630398167833023939858857553876043563754586258", "shardId-000000000009", 1619173453, 1619177477],
  ["49670023483232461788730612813735157811693693431491592722", "shardId-000000000033", 1766101788, 1766140863],
  ["49674026002850188218576229259473476449429298564223254594", "shardId-000000003076", 1777319237, 1777320018],
] as const;
const foreignNumberOfShard0 = "49594189147623985939251953501666965394405037144469929986";

describe("GetShardIterator", () => {
  const stream = suiteStream({ shards: 3 });
  const absent = uniqueName("absent");
  const at = (members: object) => ({
    StreamName: stream.name,
    ShardId: shard0,
    ShardIteratorType: "AT_SEQUENCE_NUMBER",
    ...members,
  });

  testInput(
    "GetShardIterator",
    { StreamName: absent, ShardId: "shardId-0", ShardIteratorType: "LATEST" },
    {
      ...streamMembers,
      ShardId: { type: "String", required: true, min: 1, max: 128, pattern: namePattern },
      ShardIteratorType: {
        type: "String",
        required: true,
        values: ["AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"],
      },
      StartingSequenceNumber: { type: "String", pattern: sequenceNumberPattern },
      Timestamp: { type: "Timestamp" },
      DryRun: { type: "Boolean" },
    },
  );

  test("GetShardIterator lists several violations in one sentence", async () => {
    await assertViolations("GetShardIterator", { StreamName: "", StartingSequenceNumber: "" }, [
      "Value null at 'shardId' failed to satisfy constraint: Member must not be null",
      "Value null at 'shardIteratorType' failed to satisfy constraint: Member must not be null",
      "Value '' at 'startingSequenceNumber' failed to satisfy constraint: Member must satisfy regular expression pattern: 0|([1-9]\\d{0,128})",
      "Value '' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
      "Value '' at 'streamName' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ]);
  });

  test("GetShardIterator prints the iterator types in an order of its own", async () => {
    const { message } = await refused("GetShardIterator", at({ ShardIteratorType: "NOWHERE" }));
    assert.equal(
      message,
      "1 validation error detected: Value 'NOWHERE' at 'shardIteratorType' failed to satisfy constraint: Member must satisfy enum value set: [AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON]",
    );
  });

  test("GetShardIterator answers with an iterator of the service's outline and nothing else", async () => {
    const answer = await ok("GetShardIterator", at({ ShardIteratorType: "LATEST" }));
    assert.deepEqual(Object.keys(answer), ["ShardIterator"]);
    const bytes = Buffer.from(answer.ShardIterator, "base64");
    assert.equal(bytes.toString("base64"), answer.ShardIterator);
    assert.equal(bytes.subarray(0, 8).toString("hex"), "0000000000000001");
    assert.equal((bytes.length - 152) % 16, 0);
    assert.ok(bytes.length >= 152);
    assert.ok(answer.ShardIterator.length <= 512);
  });

  test("GetShardIterator goes by the number in a shard id, whatever stands before it", async () => {
    for (const ShardId of ["shardId-0", "foo-0", "-0000", "0", shard0]) {
      await ok("GetShardIterator", at({ ShardId, ShardIteratorType: "LATEST" }));
    }
    for (const ShardId of ["shardId-2147483647", "-00002147483647", "2147483647"]) {
      const values = { shard: "shardId-002147483647", stream: stream.name };
      await assertSays(
        "GetShardIterator",
        at({ ShardId, ShardIteratorType: "LATEST" }),
        "shard-does-not-exist",
        values,
      );
    }
  });

  test("GetShardIterator refuses an id without a number before it looks for the stream", async () => {
    for (const ShardId of ["ABKLFD8", "2.14E4", "2147483648"]) {
      for (const StreamName of [absent, stream.name]) {
        const values = { shard: ShardId, stream: StreamName };
        await assertSays("GetShardIterator", at({ StreamName, ShardId }), "shard-not-in-stream", values);
      }
    }
  });

  test("GetShardIterator speaks of the shard when the stream is missing, by name and by ARN", async () => {
    const input = { ShardId: "shardId-0", ShardIteratorType: "LATEST" };
    const values = { shard: shard0, stream: absent };
    await assertSays("GetShardIterator", { ...input, StreamName: absent }, "shard-does-not-exist", values);
    await assertSays(
      "GetShardIterator",
      { ...input, StreamARN: await streamArn(absent) },
      "shard-does-not-exist",
      values,
    );
  });

  test("GetShardIterator refuses a shard that the stream does not have", async () => {
    const values = { shard: "shardId-000000000005", stream: stream.name };
    await assertSays("GetShardIterator", at({ ShardId: "shardId-5" }), "shard-does-not-exist", values);
  });

  test("GetShardIterator needs a number with the types that start at one, and takes none with the others", async () => {
    for (const iteratorType of ["AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"]) {
      await assertSays("GetShardIterator", at({ ShardIteratorType: iteratorType }), "iterator-no-seq", {
        iteratorType,
      });
    }
    for (const iteratorType of ["TRIM_HORIZON", "LATEST"]) {
      const input = at({ ShardIteratorType: iteratorType, StartingSequenceNumber: "5" });
      await assertSays("GetShardIterator", input, "iterator-extra-seq", { iteratorType });
    }
  });

  test("GetShardIterator needs a time with AT_TIMESTAMP, and none of the future", async () => {
    const input = at({ ShardIteratorType: "AT_TIMESTAMP" });
    await assertSays("GetShardIterator", input, "iterator-no-timestamp");
    const ms = (Math.floor(Date.now() / 1000) + 3600) * 1000;
    await assertSays("GetShardIterator", { ...input, Timestamp: ms / 1000 }, "iterator-future", {
      timestampMs: ms,
      nowMs: /\d{13}/,
    });
  });

  test("GetShardIterator tells milliseconds sent for seconds by the time a thousandfold", async () => {
    const ms = Date.now();
    const input = at({ ShardIteratorType: "AT_TIMESTAMP", Timestamp: ms });
    await assertSays("GetShardIterator", input, "iterator-future", { timestampMs: ms * 1000, nowMs: /\d{13}/ });
  });

  test("GetShardIterator takes times of the past, in fractions of a second too", async () => {
    for (const Timestamp of [0, 1, 1441215410.867, Date.now() / 1000 - 5]) {
      await ok("GetShardIterator", at({ ShardIteratorType: "AT_TIMESTAMP", Timestamp }));
    }
  });

  test("GetShardIterator refuses a number that has no known form", async () => {
    const start = decodeSequenceNumber(stream.shards[0]?.SequenceNumberRange.StartingSequenceNumber ?? "");
    for (const value of [
      (2n ** 186n + 2n).toString(),
      (2n ** 185n + 3n).toString(),
      encodeSequenceNumber({ ...start, seqIx: 2n ** 63n }),
      encodeSequenceNumber({ ...start, create: 16_025_175_000 }),
    ]) {
      const values = { value, shard: shard0, stream: stream.name };
      await assertSays("GetShardIterator", at({ StartingSequenceNumber: value }), "iterator-seq-invalid", values);
    }
  });

  for (const [number, shard, create, time] of foreignNumbers) {
    test(`GetShardIterator reads ${shard} from a sequence number of ${new Date(time * 1000).getFullYear()}`, async () => {
      assert.deepEqual([decodeSequenceNumber(number).create, decodeSequenceNumber(number).time], [create, time]);
      const values = { otherShard: shard, shard: shard0 };
      await assertSays("GetShardIterator", at({ StartingSequenceNumber: number }), "iterator-seq-other-shard", values);
    });
  }

  test("GetShardIterator prints a negative shard as it stands in the number", async () => {
    const start = decodeSequenceNumber(stream.shards[0]?.SequenceNumberRange.StartingSequenceNumber ?? "");
    const number = encodeSequenceNumber({ ...start, shard: -(2 ** 31) });
    const values = { otherShard: "shardId--02147483648", shard: shard0 };
    await assertSays("GetShardIterator", at({ StartingSequenceNumber: number }), "iterator-seq-other-shard", values);
  });

  test("GetShardIterator refuses the number of another shard of the stream", async () => {
    const put = await ok("PutRecord", { StreamName: stream.name, Data: "", PartitionKey: "b" });
    const values = { otherShard: "shardId-000000000001", shard: shard0 };
    const input = at({ StartingSequenceNumber: put.SequenceNumber });
    await assertSays("GetShardIterator", input, "iterator-seq-other-shard", values);
  });

  test("GetShardIterator refuses the number of another stream", async () => {
    const values = { value: foreignNumberOfShard0, shard: shard0, stream: stream.name };
    const input = at({ StartingSequenceNumber: foreignNumberOfShard0 });
    await assertSays("GetShardIterator", input, "iterator-seq-other-stream", values);
  });

  test("GetShardIterator fails at the number 0, which is shard 0 of the oldest version", async () => {
    const answer = await call("GetShardIterator", at({ StartingSequenceNumber: "0" }));
    assert.equal(answer.status, 500);
    assert.deepEqual(answer.body, { __type: "InternalFailure" });
  });

  test("GetShardIterator takes a shard's StartingSequenceNumber, with both types", async () => {
    const StartingSequenceNumber = stream.shards[0]?.SequenceNumberRange.StartingSequenceNumber;
    for (const ShardIteratorType of ["AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"]) {
      await ok("GetShardIterator", at({ StartingSequenceNumber, ShardIteratorType }));
    }
  });

  test("GetShardIterator places each type where it says", async () => {
    const put = async (text: string) =>
      ok("PutRecord", { StreamName: stream.name, Data: base64(text), PartitionKey: "e" });
    const first = await put("1");
    const second = await put("2");
    const at2 = { StreamName: stream.name, ShardId: second.ShardId };
    const latest = await iteratorAt({ ...at2, ShardIteratorType: "LATEST" });
    await put("3");
    const textsFrom = async (ShardIterator: string) => {
      const { Records } = await ok("GetRecords", { ShardIterator });
      return Records.map(({ Data }) => Buffer.from(Data, "base64").toString()).join("");
    };
    const at1 = { ...at2, StartingSequenceNumber: first.SequenceNumber };
    assert.equal(await textsFrom(await iteratorAt(at2)), "123");
    assert.equal(await textsFrom(latest), "3");
    assert.equal(await textsFrom(await iteratorAt({ ...at1, ShardIteratorType: "AT_SEQUENCE_NUMBER" })), "123");
    assert.equal(await textsFrom(await iteratorAt({ ...at1, ShardIteratorType: "AFTER_SEQUENCE_NUMBER" })), "23");
    assert.equal(await textsFrom(await iteratorAt({ ...at2, ShardIteratorType: "AT_TIMESTAMP", Timestamp: 1 })), "123");
  });

  test("GetShardIterator with DryRun says that it would have worked, or why not", async () => {
    const input = at({ ShardIteratorType: "LATEST", DryRun: true });
    await assertRefusedAs("GetShardIterator", input, "DryRunOperationException");
    const iteratorType = "AT_SEQUENCE_NUMBER";
    await assertSays("GetShardIterator", at({ DryRun: true }), "iterator-no-seq", { iteratorType });
  });
});
