import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertSays, assertStreamNotFound } from "./support/assert-refused.ts";
import { call, ok } from "./support/call.ts";
import { streamMembers, testInput } from "./support/input-shape.ts";
import { streamArn, suiteStream, uniqueName } from "./support/stream-fixture.ts";

describe("RemoveTagsFromStream", () => {
  const stream = suiteStream();
  const absent = uniqueName("absent");

  testInput(
    "RemoveTagsFromStream",
    { StreamName: absent, TagKeys: ["a"] },
    {
      ...streamMembers,
      TagKeys: { type: "List", required: true, min: 1, max: 50, entry: { min: 1, max: 128 } },
      "TagKeys[]": { type: "String" },
    },
  );

  test("RemoveTagsFromStream refuses a stream that does not exist before it reads the keys", async () => {
    await assertStreamNotFound("RemoveTagsFromStream", { StreamName: absent, TagKeys: ["a;b"] }, absent);
    await assertStreamNotFound("RemoveTagsFromStream", { StreamARN: await streamArn(absent), TagKeys: ["a"] }, absent);
  });

  test("RemoveTagsFromStream refuses characters as AddTagsToStream does", async () => {
    for (const key of ["\t", ";", ","]) {
      await assertSays("RemoveTagsFromStream", { StreamName: stream.name, TagKeys: ["a", key] }, "tags-invalid-chars");
    }
    const values = { action: "remove tags from", stream: stream.name };
    await assertSays(
      "RemoveTagsFromStream",
      { StreamName: stream.name, TagKeys: ["%"] },
      "tags-illegal-percent",
      values,
    );
  });

  test("RemoveTagsFromStream answers with an empty body and ignores keys that are not there", async () => {
    await ok("AddTagsToStream", { StreamName: stream.name, Tags: { a: "1", b: "2", c: "3" } });
    const answer = await call("RemoveTagsFromStream", { StreamName: stream.name, TagKeys: ["a", "absent"] });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.text, "");
    await ok("RemoveTagsFromStream", { StreamARN: stream.arn, TagKeys: ["c"] });
    const { Tags } = await ok("ListTagsForStream", { StreamName: stream.name });
    assert.deepEqual(Tags, [{ Key: "b", Value: "2" }]);
  });
});
