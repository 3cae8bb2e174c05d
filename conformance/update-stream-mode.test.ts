import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertStreamNotFound } from "./support/assert-refused.ts";
import { call, ok } from "./support/call.ts";
import { testInput } from "./support/input-shape.ts";
import { streamArnPattern, streamIdPattern } from "./support/patterns.ts";
import { streamArn, uniqueName, untilActive, withStream } from "./support/stream-fixture.ts";

describe("UpdateStreamMode", () => {
  testInput(
    "UpdateStreamMode",
    {
      StreamARN: "arn:aws:kinesis:us-east-1:123456789012:stream/absent",
      StreamModeDetails: { StreamMode: "ON_DEMAND" },
    },
    {
      StreamARN: { type: "String", required: true, min: 1, max: 2048, pattern: streamArnPattern },
      StreamId: { type: "String", min: 1, max: 24, pattern: streamIdPattern },
      StreamModeDetails: { type: "Structure", required: true },
      "StreamModeDetails.StreamMode": { type: "String", required: true, values: ["PROVISIONED", "ON_DEMAND"] },
      WarmThroughputMiBps: { type: "Integer", min: 0 },
    },
  );

  test("UpdateStreamMode refuses a stream that does not exist", async () => {
    const absent = uniqueName("absent");
    const input = { StreamARN: await streamArn(absent), StreamModeDetails: { StreamMode: "ON_DEMAND" } };
    await assertStreamNotFound("UpdateStreamMode", input, absent);
  });

  test("UpdateStreamMode switches to and fro and keeps the shards", () =>
    withStream({ shards: 3 }, async ({ StreamName, StreamARN, Shards }) => {
      for (const StreamMode of ["ON_DEMAND", "PROVISIONED"]) {
        const answer = await call("UpdateStreamMode", { StreamARN, StreamModeDetails: { StreamMode } });
        assert.equal(answer.status, 200, answer.text);
        assert.equal(answer.text, "");
        const described = await untilActive(StreamName);
        assert.deepEqual(described.StreamModeDetails, { StreamMode });
        assert.deepEqual(described.Shards, Shards);
      }
      const summary = await ok("DescribeStreamSummary", { StreamName });
      assert.equal(summary.StreamDescriptionSummary.OpenShardCount, 3);
    }));
});
