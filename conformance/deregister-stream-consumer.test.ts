import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertSays } from "./support/assert-refused.ts";
import { call, ok } from "./support/call.ts";
import { untilConsumerActive, untilConsumerGone } from "./support/consumer-fixture.ts";
import { testInput } from "./support/input-shape.ts";
import { consumerArnPattern, namePattern, streamArnPattern, streamIdPattern } from "./support/patterns.ts";
import { suiteStream } from "./support/stream-fixture.ts";

describe("DeregisterStreamConsumer", () => {
  const stream = suiteStream();

  testInput(
    "DeregisterStreamConsumer",
    { ConsumerARN: "arn:aws:kinesis:us-east-1:123456789012:stream/absent/consumer/a:1" },
    {
      StreamARN: { type: "String", min: 1, max: 2048, pattern: streamArnPattern },
      ConsumerName: { type: "String", min: 1, max: 128, pattern: namePattern },
      ConsumerARN: { type: "String", min: 1, max: 2048, pattern: consumerArnPattern },
      StreamId: { type: "String", min: 1, max: 24, pattern: streamIdPattern },
    },
  );

  test("DeregisterStreamConsumer answers with an empty body, and the consumer is gone some time later", async () => {
    for (const by of ["arn", "name"]) {
      const { Consumer } = await ok("RegisterStreamConsumer", { StreamARN: stream.arn, ConsumerName: by });
      await untilConsumerActive(Consumer.ConsumerARN);
      const input = by === "arn" ? { ConsumerARN: Consumer.ConsumerARN } : { StreamARN: stream.arn, ConsumerName: by };
      const answer = await call("DeregisterStreamConsumer", input);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.text, "");
      await untilConsumerGone(Consumer.ConsumerARN);
    }
    assert.deepEqual((await ok("ListStreamConsumers", { StreamARN: stream.arn })).Consumers, []);
  });

  test("DeregisterStreamConsumer refuses a consumer that does not exist, by name and by ARN", async () => {
    const byName = { StreamARN: stream.arn, ConsumerName: "absent" };
    await assertSays("DeregisterStreamConsumer", byName, "consumer-not-found", { nameOrArn: "absent" });
    const ConsumerARN = `${stream.arn}/consumer/absent:1`;
    await assertSays("DeregisterStreamConsumer", { ConsumerARN }, "consumer-not-found", { nameOrArn: ConsumerARN });
  });

  test("DeregisterStreamConsumer says what it needs, an ARN or a stream and a name", async () => {
    for (const input of [{}, { StreamARN: stream.arn }, { ConsumerName: "reader" }]) {
      await assertSays("DeregisterStreamConsumer", input, "consumer-unnamed");
    }
  });
});
