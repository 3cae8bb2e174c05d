import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs, assertStreamNotFound } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { suiteConsumer } from "./support/consumer-fixture.ts";
import { testInput } from "./support/input-shape.ts";
import { streamArnPattern, streamIdPattern } from "./support/patterns.ts";
import { streamArn, suiteStream, uniqueName } from "./support/stream-fixture.ts";

describe("ListStreamConsumers", () => {
  const stream = suiteStream();
  const empty = suiteStream();
  const consumers = ["a", "b", "c"].map((name) => suiteConsumer(stream, name));

  testInput(
    "ListStreamConsumers",
    { StreamARN: "arn:aws:kinesis:us-east-1:123456789012:stream/absent" },
    {
      StreamARN: { type: "String", required: true, min: 1, max: 2048, pattern: streamArnPattern },
      NextToken: { type: "String", min: 1, max: 1048576 },
      MaxResults: { type: "Integer", min: 1, max: 10000 },
      StreamCreationTimestamp: { type: "Timestamp" },
      StreamId: { type: "String", min: 1, max: 24, pattern: streamIdPattern },
    },
  );

  test("ListStreamConsumers refuses a stream that does not exist", async () => {
    const absent = uniqueName("absent");
    await assertStreamNotFound("ListStreamConsumers", { StreamARN: await streamArn(absent) }, absent);
  });

  test("ListStreamConsumers gives an empty list for a stream without consumers", async () => {
    assert.deepEqual(await ok("ListStreamConsumers", { StreamARN: empty.arn }), { Consumers: [] });
  });

  test("ListStreamConsumers lists consumers without their stream", async () => {
    const { Consumers } = await ok("ListStreamConsumers", { StreamARN: stream.arn });
    const sorted = Consumers.toSorted((one, other) => (one.ConsumerName < other.ConsumerName ? -1 : 1));
    assert.deepEqual(
      sorted,
      consumers.map(({ described }) => described),
    );
  });

  test("ListStreamConsumers pages by MaxResults and a token beside the required ARN", async () => {
    const first = await ok("ListStreamConsumers", { StreamARN: stream.arn, MaxResults: 2 });
    assert.equal(first.Consumers.length, 2);
    const second = await ok("ListStreamConsumers", { StreamARN: stream.arn, NextToken: first.NextToken });
    assert.equal("NextToken" in second, false);
    const names = [...first.Consumers, ...second.Consumers].map(({ ConsumerName }) => ConsumerName).sort();
    assert.deepEqual(names, ["a", "b", "c"]);
  });

  test("ListStreamConsumers refuses a token that it did not make", async () => {
    await assertRefusedAs(
      "ListStreamConsumers",
      { StreamARN: stream.arn, NextToken: "AAAA" },
      "InvalidArgumentException",
    );
  });
});
