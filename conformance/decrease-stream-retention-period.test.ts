import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertSays, assertStreamNotFound } from "./support/assert-refused.ts";
import { call, ok } from "./support/call.ts";
import { streamMembers, testInput } from "./support/input-shape.ts";
import { streamArn, suiteStream, uniqueName, untilActive, withStream } from "./support/stream-fixture.ts";

describe("DecreaseStreamRetentionPeriod", () => {
  const stream = suiteStream();
  const absent = uniqueName("absent");

  testInput(
    "DecreaseStreamRetentionPeriod",
    { StreamName: absent, RetentionPeriodHours: 48 },
    {
      ...streamMembers,
      RetentionPeriodHours: { type: "Integer", required: true },
    },
  );

  test("DecreaseStreamRetentionPeriod refuses a stream that does not exist, by name and by ARN", async () => {
    const RetentionPeriodHours = 48;
    await assertStreamNotFound("DecreaseStreamRetentionPeriod", { StreamName: absent, RetentionPeriodHours }, absent);
    const StreamARN = await streamArn(absent);
    await assertStreamNotFound("DecreaseStreamRetentionPeriod", { StreamARN, RetentionPeriodHours }, absent);
  });

  test("DecreaseStreamRetentionPeriod takes 24 to 8760 hours", async () => {
    const hours = (n: number) => ({ StreamName: stream.name, RetentionPeriodHours: n });
    await assertSays("DecreaseStreamRetentionPeriod", hours(23), "retention-min", { hours: 23 });
    await assertSays("DecreaseStreamRetentionPeriod", hours(8761), "retention-max", { hours: 8761 });
  });

  test("DecreaseStreamRetentionPeriod refuses more hours than the stream has", async () => {
    const input = { StreamName: stream.name, RetentionPeriodHours: 25 };
    const values = { hours: 25, currentHours: 24, stream: stream.name };
    await assertSays("DecreaseStreamRetentionPeriod", input, "retention-decrease-longer", values);
  });

  test("DecreaseStreamRetentionPeriod answers with an empty body, and the stream shows the hours", () =>
    withStream({}, async ({ StreamName, StreamARN }) => {
      await ok("IncreaseStreamRetentionPeriod", { StreamName, RetentionPeriodHours: 100 });
      await untilActive(StreamName);
      const answer = await call("DecreaseStreamRetentionPeriod", { StreamARN, RetentionPeriodHours: 30 });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.text, "");
      assert.equal((await untilActive(StreamName)).RetentionPeriodHours, 30);
    }));
});
