import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs, assertSays, assertStreamNotFound } from "./support/assert-refused.ts";
import { call, ok } from "./support/call.ts";
import { untilConsumerActive, untilConsumerGone } from "./support/consumer-fixture.ts";
import { testInput } from "./support/input-shape.ts";
import { namePattern, streamArnPattern, streamIdPattern } from "./support/patterns.ts";
import { activeStream, deleteStream, streamArn, suiteStream, uniqueName, untilGone } from "./support/stream-fixture.ts";

describe("RegisterStreamConsumer", () => {
  const stream = suiteStream();

  testInput(
    "RegisterStreamConsumer",
    { StreamARN: "arn:aws:kinesis:us-east-1:123456789012:stream/absent", ConsumerName: "a" },
    {
      StreamARN: { type: "String", required: true, min: 1, max: 2048, pattern: streamArnPattern },
      ConsumerName: { type: "String", required: true, min: 1, max: 128, pattern: namePattern },
      StreamId: { type: "String", min: 1, max: 24, pattern: streamIdPattern },
      Tags: { type: "Map", min: 1, max: 200, entry: { min: 0, max: 256 } },
      "Tags.*": { type: "String" },
    },
  );

  test("RegisterStreamConsumer refuses a stream that does not exist", async () => {
    const absent = uniqueName("absent");
    const input = { StreamARN: await streamArn(absent), ConsumerName: "a" };
    await assertStreamNotFound("RegisterStreamConsumer", input, absent);
  });

  test("RegisterStreamConsumer answers with a consumer that is CREATING, without its stream", async () => {
    const { Consumer } = await ok("RegisterStreamConsumer", { StreamARN: stream.arn, ConsumerName: "shape" });
    const { ConsumerCreationTimestamp: created, ...rest } = Consumer;
    assert.ok(Number.isInteger(created), "creation in whole seconds");
    assert.deepEqual(rest, {
      ConsumerName: "shape",
      ConsumerARN: `${stream.arn}/consumer/shape:${created}`,
      ConsumerStatus: "CREATING",
    });
    await untilConsumerActive(Consumer.ConsumerARN);
  });

  test("RegisterStreamConsumer refuses a name that the stream has", async () => {
    const input = { StreamARN: stream.arn, ConsumerName: "twice" };
    const { Consumer } = await ok("RegisterStreamConsumer", input);
    await assertRefusedAs("RegisterStreamConsumer", input, "ResourceInUseException");
    await untilConsumerActive(Consumer.ConsumerARN);
    await assertRefusedAs("RegisterStreamConsumer", input, "ResourceInUseException");
  });

  test("RegisterStreamConsumer gives a name that is used again another ARN", async () => {
    const input = { StreamARN: stream.arn, ConsumerName: "again" };
    const first = await ok("RegisterStreamConsumer", input);
    await untilConsumerActive(first.Consumer.ConsumerARN);
    await ok("DeregisterStreamConsumer", { ConsumerARN: first.Consumer.ConsumerARN });
    await untilConsumerGone(first.Consumer.ConsumerARN);
    const second = await ok("RegisterStreamConsumer", input);
    assert.notEqual(second.Consumer.ConsumerARN, first.Consumer.ConsumerARN);
    await untilConsumerActive(second.Consumer.ConsumerARN);
  });

  test("RegisterStreamConsumer tags the consumer from the start", async () => {
    const input = { StreamARN: stream.arn, ConsumerName: "tagged", Tags: { team: "a" } };
    const { Consumer } = await ok("RegisterStreamConsumer", input);
    const { Tags } = await ok("ListTagsForResource", { ResourceARN: Consumer.ConsumerARN });
    assert.deepEqual(Tags, [{ Key: "team", Value: "a" }]);
    await untilConsumerActive(Consumer.ConsumerARN);
  });

  test("RegisterStreamConsumer keeps its stream from being deleted, unless deletion is enforced", async () => {
    const { StreamName, StreamARN } = await activeStream();
    try {
      const { Consumer } = await ok("RegisterStreamConsumer", { StreamARN, ConsumerName: "holder" });
      await untilConsumerActive(Consumer.ConsumerARN);
      const summary = await ok("DescribeStreamSummary", { StreamName });
      assert.equal(summary.StreamDescriptionSummary.ConsumerCount, 1);
      for (const input of [{ StreamName }, { StreamARN, EnforceConsumerDeletion: false }]) {
        await assertSays("DeleteStream", input, "stream-has-consumers", { stream: StreamName });
      }
      assert.equal((await ok("DescribeStream", { StreamName })).StreamDescription.StreamStatus, "ACTIVE");
      const answer = await call("DeleteStream", { StreamName, EnforceConsumerDeletion: true });
      assert.equal(answer.status, 200, answer.text);
      await untilGone(StreamName);
      await assertRefusedAs(
        "DescribeStreamConsumer",
        { ConsumerARN: Consumer.ConsumerARN },
        "ResourceNotFoundException",
      );
    } finally {
      await deleteStream(StreamName);
    }
  });
});
