import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertRefusedAs } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { testInput } from "./support/input-shape.ts";
import { namePattern } from "./support/patterns.ts";
import { createStream, deleteStream, streamArn, uniqueName, untilActive } from "./support/stream-fixture.ts";
import { assertViolations } from "./support/test-constraints.ts";

describe("ListStreams", () => {
  const base = uniqueName("list");
  const names = ["A", "B", "_", "a", "b"].map((letter) => `${base}-${letter}`);
  /** Just before and just behind the names of this suite, in code unit order. */
  const start = `${base}-`;

  before(async () => {
    for (const name of names) {
      await createStream({}, name);
      await untilActive(name);
    }
  });
  after(async () => {
    for (const name of names) await deleteStream(name);
  });

  testInput(
    "ListStreams",
    {},
    {
      Limit: { type: "Integer", min: 1, max: 10000 },
      ExclusiveStartStreamName: { type: "String", min: 1, max: 128, pattern: namePattern },
      NextToken: { type: "String", min: 1, max: 1048576 },
    },
  );

  test("ListStreams lists several violations in one sentence", async () => {
    await assertViolations("ListStreams", { Limit: 0, ExclusiveStartStreamName: "" }, [
      "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
      "Value '' at 'exclusiveStartStreamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
      "Value '' at 'exclusiveStartStreamName' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ]);
  });

  test("ListStreams gives names in ascending order after one that need not exist", async () => {
    const { StreamNames } = await ok("ListStreams", { ExclusiveStartStreamName: start, Limit: 5 });
    assert.deepEqual(StreamNames, names);
  });

  test("ListStreams leaves the start name out", async () => {
    const { StreamNames } = await ok("ListStreams", { ExclusiveStartStreamName: names[1] ?? "", Limit: 3 });
    assert.deepEqual(StreamNames, names.slice(2));
  });

  test("ListStreams describes each stream beside its name", async () => {
    const page = await ok("ListStreams", { ExclusiveStartStreamName: start, Limit: 2 });
    assert.deepEqual(
      page.StreamSummaries.map(({ StreamCreationTimestamp, ...rest }) => rest),
      await Promise.all(
        names.slice(0, 2).map(async (StreamName) => ({
          StreamName,
          StreamARN: await streamArn(StreamName),
          StreamStatus: "ACTIVE",
          StreamModeDetails: { StreamMode: "PROVISIONED" },
        })),
      ),
    );
    for (const { StreamCreationTimestamp } of page.StreamSummaries) {
      assert.ok(StreamCreationTimestamp > 1_500_000_000 && StreamCreationTimestamp < 10_000_000_000, "epoch seconds");
    }
  });

  test("ListStreams gives a NextToken when and only when there are more streams", async () => {
    const first = await ok("ListStreams", { ExclusiveStartStreamName: start, Limit: 2 });
    assert.equal(first.HasMoreStreams, true);
    assert.ok(first.NextToken !== undefined);
    const second = await ok("ListStreams", { NextToken: first.NextToken, Limit: 3 });
    assert.deepEqual([...first.StreamNames, ...second.StreamNames], names);
    let page = await ok("ListStreams", {});
    while (page.HasMoreStreams) {
      assert.ok(page.NextToken !== undefined);
      page = await ok("ListStreams", { NextToken: page.NextToken });
    }
    assert.equal("NextToken" in page, false);
  });

  test("ListStreams refuses a token that it did not make", async () => {
    await assertRefusedAs("ListStreams", { NextToken: "AAAA" }, "InvalidArgumentException");
  });
});
