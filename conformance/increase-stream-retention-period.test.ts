import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertSays, assertStreamNotFound } from "./support/assert-refused.ts";
import { call, ok } from "./support/call.ts";
import { streamMembers, testInput } from "./support/input-shape.ts";
import { streamArn, suiteStream, uniqueName, untilActive, withStream } from "./support/stream-fixture.ts";

describe("IncreaseStreamRetentionPeriod", () => {
  const stream = suiteStream();
  const absent = uniqueName("absent");

  testInput(
    "IncreaseStreamRetentionPeriod",
    { StreamName: absent, RetentionPeriodHours: 48 },
    {
      ...streamMembers,
      RetentionPeriodHours: { type: "Integer", required: true },
    },
  );

  test("IncreaseStreamRetentionPeriod refuses a stream that does not exist, by name and by ARN", async () => {
    const RetentionPeriodHours = 48;
    await assertStreamNotFound("IncreaseStreamRetentionPeriod", { StreamName: absent, RetentionPeriodHours }, absent);
    const StreamARN = await streamArn(absent);
    await assertStreamNotFound("IncreaseStreamRetentionPeriod", { StreamARN, RetentionPeriodHours }, absent);
  });

  test("IncreaseStreamRetentionPeriod takes 24 to 8760 hours", async () => {
    const hours = (n: number) => ({ StreamName: stream.name, RetentionPeriodHours: n });
    await assertSays("IncreaseStreamRetentionPeriod", hours(23), "retention-min", { hours: 23 });
    await assertSays("IncreaseStreamRetentionPeriod", hours(8761), "retention-max", { hours: 8761 });
  });

  test("IncreaseStreamRetentionPeriod answers with an empty body, and the stream shows the hours", () =>
    withStream({}, async ({ StreamName, StreamARN }) => {
      const answer = await call("IncreaseStreamRetentionPeriod", { StreamName, RetentionPeriodHours: 72 });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.text, "");
      assert.equal((await untilActive(StreamName)).RetentionPeriodHours, 72);
      const values = { hours: 48, currentHours: 72, stream: StreamName };
      const less = { StreamARN, RetentionPeriodHours: 48 };
      await assertSays("IncreaseStreamRetentionPeriod", less, "retention-increase-shorter", values);
      await ok("IncreaseStreamRetentionPeriod", { StreamName, RetentionPeriodHours: 8760 });
      assert.equal((await untilActive(StreamName)).RetentionPeriodHours, 8760);
    }));

  test("IncreaseStreamRetentionPeriod accepts the hours that the stream has, against its reference", async () => {
    await ok("IncreaseStreamRetentionPeriod", { StreamName: stream.name, RetentionPeriodHours: 24 });
    assert.equal((await untilActive(stream.name)).RetentionPeriodHours, 24);
  });
});
