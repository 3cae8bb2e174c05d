import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs, assertSays } from "./support/assert-refused.ts";
import { call, ok } from "./support/call.ts";
import { testInput } from "./support/input-shape.ts";
import { namePattern } from "./support/patterns.ts";
import { decodeSequenceNumber } from "./support/sequence-number.ts";
import {
  createStream,
  deleteStream,
  listShards,
  suiteStream,
  uniqueName,
  untilActive,
  withStream,
} from "./support/stream-fixture.ts";
import { target } from "./support/target.ts";
import { assertViolations } from "./support/test-constraints.ts";

/** The hash key ranges of new streams: floor(2^128 / n) keys each, the rest to the last. */
const equalRanges = [
  [["0", "340282366920938463463374607431768211455"]],
  [
    ["0", "170141183460469231731687303715884105727"],
    ["170141183460469231731687303715884105728", "340282366920938463463374607431768211455"],
  ],
  [
    ["0", "113427455640312821154458202477256070484"],
    ["113427455640312821154458202477256070485", "226854911280625642308916404954512140969"],
    ["226854911280625642308916404954512140970", "340282366920938463463374607431768211455"],
  ],
  [
    ["0", "85070591730234615865843651857942052863"],
    ["85070591730234615865843651857942052864", "170141183460469231731687303715884105727"],
    ["170141183460469231731687303715884105728", "255211775190703847597530955573826158591"],
    ["255211775190703847597530955573826158592", "340282366920938463463374607431768211455"],
  ],
  [
    ["0", "68056473384187692692674921486353642290"],
    ["68056473384187692692674921486353642291", "136112946768375385385349842972707284581"],
    ["136112946768375385385349842972707284582", "204169420152563078078024764459060926872"],
    ["204169420152563078078024764459060926873", "272225893536750770770699685945414569163"],
    ["272225893536750770770699685945414569164", "340282366920938463463374607431768211455"],
  ],
] as const;

describe("CreateStream", () => {
  const stream = suiteStream({ shards: 3 });

  testInput(
    "CreateStream",
    { StreamName: uniqueName("absent") },
    {
      StreamName: { type: "String", required: true, min: 1, max: 128, pattern: namePattern },
      ShardCount: { type: "Integer", min: 1 },
      StreamModeDetails: { type: "Structure" },
      "StreamModeDetails.StreamMode": { type: "String", required: true, values: ["PROVISIONED", "ON_DEMAND"] },
      Tags: { type: "Map", min: 1, max: 200, entry: { min: 0, max: 256 } },
      "Tags.*": { type: "String" },
      WarmThroughputMiBps: { type: "Integer", min: 0 },
      MaxRecordSizeInKiB: { type: "Integer", min: 1024, max: 10240 },
      RecordDistributionStrategy: { type: "String", values: ["AUTO", "USER_PARTITION_KEY"] },
    },
  );

  test("CreateStream lists several violations in one sentence", async () => {
    await assertViolations("CreateStream", { StreamName: "", ShardCount: 0 }, [
      "Value '0' at 'shardCount' failed to satisfy constraint: Member must have value greater than or equal to 1",
      "Value '' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
      "Value '' at 'streamName' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ]);
  });

  test("CreateStream answers with an empty body", async () => {
    const name = uniqueName();
    try {
      const answer = await call("CreateStream", { StreamName: name, ShardCount: 1 });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.text, "");
      assert.equal(answer.headers["content-length"], "0");
      await untilActive(name);
    } finally {
      await deleteStream(name);
    }
  });

  test("CreateStream refuses a name that exists, whatever else it asks for", async () => {
    const input = { StreamName: stream.name, ShardCount: 1 };
    await assertSays("CreateStream", input, "stream-exists", { stream: stream.name });
    await assertSays("CreateStream", { ...input, ShardCount: 100_000 }, "stream-exists", { stream: stream.name });
  });

  test("CreateStream refuses more shards than the account may have, and counts them", async () => {
    await assertSays("CreateStream", { StreamName: uniqueName(), ShardCount: 100_000 }, "shard-limit", {
      region: target().region,
      shardCount: /\d+/,
      limit: /\d+/,
      addedShards: 100_000,
    });
  });

  test("CreateStream with nothing but a name makes an on-demand stream of four shards", async () => {
    const name = uniqueName();
    try {
      await ok("CreateStream", { StreamName: name });
      const { Shards, StreamModeDetails } = await untilActive(name);
      assert.deepEqual(StreamModeDetails, { StreamMode: "ON_DEMAND" });
      assert.equal(Shards.length, 4);
    } finally {
      await deleteStream(name);
    }
  });

  test("CreateStream with a ShardCount and no mode makes a provisioned stream", async () => {
    const { StreamDescriptionSummary: summary } = await ok("DescribeStreamSummary", { StreamName: stream.name });
    assert.deepEqual(summary.StreamModeDetails, { StreamMode: "PROVISIONED" });
    assert.equal(summary.OpenShardCount, 3);
  });

  for (const [i, ranges] of equalRanges.entries()) {
    test(`CreateStream divides the hash key space among ${i + 1} shards, the remainder to the last`, () =>
      withStream({ shards: i + 1 }, async ({ StreamName }) => {
        const shards = await listShards(StreamName);
        assert.deepEqual(
          shards.map(({ HashKeyRange: { StartingHashKey, EndingHashKey } }) => [StartingHashKey, EndingHashKey]),
          ranges,
        );
        assert.deepEqual(
          shards.map(({ ShardId }) => ShardId),
          ranges.map((_, index) => `shardId-00000000000${index}`),
        );
      }));
  }

  test("CreateStream numbers consecutive shards at a fixed distance", () => {
    const numbers = stream.shards.map(({ SequenceNumberRange }) => BigInt(SequenceNumberRange.StartingSequenceNumber));
    const [first = 0n, second = 0n, third = 0n] = numbers;
    assert.equal(second - first, 22300745198530623141535718272648361505980432n);
    assert.equal(third - second, 22300745198530623141535718272648361505980432n);
  });

  test("CreateStream gives root shards no parent and no end, and a start at their creation", () => {
    for (const [index, shard] of stream.shards.entries()) {
      assert.deepEqual(Object.keys(shard).sort(), ["HashKeyRange", "SequenceNumberRange", "ShardId"]);
      assert.deepEqual(Object.keys(shard.SequenceNumberRange), ["StartingSequenceNumber"]);
      const {
        create,
        time,
        seqIx,
        shard: encoded,
      } = decodeSequenceNumber(shard.SequenceNumberRange.StartingSequenceNumber);
      assert.equal(time, create);
      assert.equal(seqIx, 0n);
      assert.equal(encoded, index);
      assert.ok(Math.abs(Date.now() / 1000 - create) < 600, `created at ${create}`);
    }
  });

  test("CreateStream tags the stream from the start", async () => {
    const name = await createStream({ extra: { Tags: { team: "a b", empty: "" } } });
    try {
      const { Tags } = await ok("ListTagsForStream", { StreamName: name });
      assert.deepEqual(Tags, [
        { Key: "empty", Value: "" },
        { Key: "team", Value: "a b" },
      ]);
      await untilActive(name);
    } finally {
      await deleteStream(name);
    }
  });

  test("CreateStream makes nothing when a tag is refused", async () => {
    const name = uniqueName();
    await assertRefusedAs(
      "CreateStream",
      { StreamName: name, ShardCount: 1, Tags: { "a;b": "" } },
      "InvalidArgumentException",
    );
    await assertSays("DescribeStream", { StreamName: name }, "stream-not-found", { stream: name });
  });

  test("CreateStream takes the greatest record size of the stream, 1024 KiB by default", async () => {
    const sizeOf = async (StreamName: string) =>
      (await ok("DescribeStreamSummary", { StreamName })).StreamDescriptionSummary.MaxRecordSizeInKiB;
    assert.equal(await sizeOf(stream.name), 1024);
    await withStream({ extra: { MaxRecordSizeInKiB: 10_240 } }, async ({ StreamName }) => {
      assert.equal(await sizeOf(StreamName), 10_240);
    });
  });
});
