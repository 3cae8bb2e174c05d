import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertSays, assertStreamNotFound } from "./support/assert-refused.ts";
import { call, ok } from "./support/call.ts";
import { testInput } from "./support/input-shape.ts";
import { streamArnPattern, streamIdPattern } from "./support/patterns.ts";
import { streamArn, uniqueName, untilActive, withStream } from "./support/stream-fixture.ts";

describe("UpdateMaxRecordSize", () => {
  testInput(
    "UpdateMaxRecordSize",
    { StreamARN: "arn:aws:kinesis:us-east-1:123456789012:stream/absent", MaxRecordSizeInKiB: 2048 },
    {
      StreamARN: { type: "String", min: 1, max: 2048, pattern: streamArnPattern },
      StreamId: { type: "String", min: 1, max: 24, pattern: streamIdPattern },
      MaxRecordSizeInKiB: { type: "Integer", required: true, min: 1024, max: 10240 },
    },
  );

  test("UpdateMaxRecordSize refuses a stream that does not exist", async () => {
    const absent = uniqueName("absent");
    const input = { StreamARN: await streamArn(absent), MaxRecordSizeInKiB: 2048 };
    await assertStreamNotFound("UpdateMaxRecordSize", input, absent);
  });

  test("UpdateMaxRecordSize answers with an empty body, and records up to the new size pass", () =>
    withStream({}, async ({ StreamName, StreamARN }) => {
      const record = { Data: Buffer.alloc(2_000_000).toString("base64"), PartitionKey: "a" };
      const values = { index: 1, maxBytes: 1_048_576 };
      await assertSays("PutRecords", { StreamName, Records: [record] }, "record-too-big-batch", values);
      const answer = await call("UpdateMaxRecordSize", { StreamARN, MaxRecordSizeInKiB: 2048 });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.text, "");
      await untilActive(StreamName);
      const summary = await ok("DescribeStreamSummary", { StreamName });
      assert.equal(summary.StreamDescriptionSummary.MaxRecordSizeInKiB, 2048);
      await ok("PutRecord", { StreamName, ...record });
    }));
});
