import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertSays } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { suiteConsumer } from "./support/consumer-fixture.ts";
import { testInput } from "./support/input-shape.ts";
import { consumerArnPattern, namePattern, streamArnPattern, streamIdPattern } from "./support/patterns.ts";
import { suiteStream } from "./support/stream-fixture.ts";

describe("DescribeStreamConsumer", () => {
  const stream = suiteStream();
  const consumer = suiteConsumer(stream, "reader");

  testInput(
    "DescribeStreamConsumer",
    { ConsumerARN: "arn:aws:kinesis:us-east-1:123456789012:stream/absent/consumer/a:1" },
    {
      StreamARN: { type: "String", min: 1, max: 2048, pattern: streamArnPattern },
      ConsumerName: { type: "String", min: 1, max: 128, pattern: namePattern },
      ConsumerARN: { type: "String", min: 1, max: 2048, pattern: consumerArnPattern },
      StreamId: { type: "String", min: 1, max: 24, pattern: streamIdPattern },
    },
  );

  test("DescribeStreamConsumer describes by ARN, by stream and name, and by all three, and names the stream", async () => {
    const expected = { ConsumerDescription: { ...consumer.described, StreamARN: stream.arn } };
    for (const input of [
      { ConsumerARN: consumer.arn },
      { StreamARN: stream.arn, ConsumerName: "reader" },
      { ConsumerARN: consumer.arn, StreamARN: stream.arn, ConsumerName: "reader" },
    ]) {
      assert.deepEqual(await ok("DescribeStreamConsumer", input), expected);
    }
  });

  test("DescribeStreamConsumer refuses a consumer that does not exist, by name and by ARN", async () => {
    const byName = { StreamARN: stream.arn, ConsumerName: "absent" };
    await assertSays("DescribeStreamConsumer", byName, "consumer-not-found", { nameOrArn: "absent" });
    const ConsumerARN = `${consumer.arn}1`;
    await assertSays("DescribeStreamConsumer", { ConsumerARN }, "consumer-not-found", { nameOrArn: ConsumerARN });
  });

  test("DescribeStreamConsumer says what it needs, an ARN or a stream and a name", async () => {
    for (const input of [{}, { StreamARN: stream.arn }, { ConsumerName: "reader" }]) {
      await assertSays("DescribeStreamConsumer", input, "consumer-unnamed");
    }
  });
});
