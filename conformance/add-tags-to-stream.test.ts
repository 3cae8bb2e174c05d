import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertSays, assertStreamNotFound } from "./support/assert-refused.ts";
import { call, ok } from "./support/call.ts";
import { streamMembers, testInput } from "./support/input-shape.ts";
import { streamArn, suiteStream, uniqueName, untilActive, withStream } from "./support/stream-fixture.ts";
import { assertViolations } from "./support/test-constraints.ts";

describe("AddTagsToStream", () => {
  const stream = suiteStream();
  const absent = uniqueName("absent");
  const tagsOf = async (StreamName: string) =>
    Object.fromEntries((await ok("ListTagsForStream", { StreamName })).Tags.map(({ Key, Value }) => [Key, Value]));

  testInput(
    "AddTagsToStream",
    { StreamName: absent, Tags: { a: "b" } },
    {
      ...streamMembers,
      Tags: { type: "Map", required: true, min: 1, max: 200, entry: { min: 0, max: 256 } },
      "Tags.*": { type: "String" },
    },
  );

  test("AddTagsToStream lists several violations in one sentence", async () => {
    await assertViolations("AddTagsToStream", { StreamName: "", Tags: {} }, [
      "Value '{}' at 'tags' failed to satisfy constraint: Member must have length greater than or equal to 1",
      "Value '' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
      "Value '' at 'streamName' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ]);
  });

  test("AddTagsToStream refuses a stream that does not exist before it reads the tags", async () => {
    await assertStreamNotFound("AddTagsToStream", { StreamName: absent, Tags: { "a;b": "" } }, absent);
    await assertStreamNotFound("AddTagsToStream", { StreamARN: await streamArn(absent), Tags: { a: "" } }, absent);
  });

  test("AddTagsToStream refuses characters outside letters, digits, space and a few marks", async () => {
    for (const text of ["ü0 _.", "a/=+-@b", "team:owner"])
      await ok("AddTagsToStream", { StreamName: stream.name, Tags: { [text]: text } });
    for (const text of ["\t", "\n", ";", ",", "'", "a&b", "~", "😀"]) {
      for (const Tags of [{ [text]: "value" }, { key: text }]) {
        await assertSays("AddTagsToStream", { StreamName: stream.name, Tags }, "tags-invalid-chars");
      }
    }
  });

  test("A colon in a tag is taken and removed by every tag operation alike", () =>
    withStream({}, async ({ StreamName, StreamARN }) => {
      const named = uniqueName("colon");
      await ok("CreateStream", { StreamName: named, ShardCount: 1, Tags: { "a:create": "x:y" } });
      await untilActive(named);
      assert.deepEqual(await tagsOf(named), { "a:create": "x:y" });
      await ok("RemoveTagsFromStream", { StreamName: named, TagKeys: ["a:create"] });
      await ok("DeleteStream", { StreamName: named });

      await ok("AddTagsToStream", { StreamName, Tags: { "a:add": "x:y", "b:add": "x:y" } });
      await ok("TagResource", { ResourceARN: StreamARN, Tags: { "a:tag": "x:y", "b:tag": "x:y" } });
      await ok("RemoveTagsFromStream", { StreamName, TagKeys: ["a:add", "a:tag"] });
      assert.deepEqual(await tagsOf(StreamName), { "b:add": "x:y", "b:tag": "x:y" });
      await ok("UntagResource", { ResourceARN: StreamARN, TagKeys: ["b:add", "b:tag"] });
      assert.deepEqual(await tagsOf(StreamName), {});

      const { Consumer } = await ok("RegisterStreamConsumer", {
        StreamARN,
        ConsumerName: "reader",
        Tags: { "a:register": "x:y" },
      });
      const ResourceARN = Consumer.ConsumerARN;
      assert.deepEqual(await ok("ListTagsForResource", { ResourceARN }), {
        Tags: [{ Key: "a:register", Value: "x:y" }],
      });
      await ok("UntagResource", { ResourceARN, TagKeys: ["a:register"] });
      assert.deepEqual(await ok("ListTagsForResource", { ResourceARN }), { Tags: [] });
    }));

  test("AddTagsToStream lets the percent sign pass its first check and refuses it at the second", async () => {
    const values = { action: "add tags to", stream: stream.name };
    for (const Tags of [{ "100%": "" }, { a: "100%" }]) {
      await assertSays("AddTagsToStream", { StreamName: stream.name, Tags }, "tags-illegal-percent", values);
    }
  });

  test("AddTagsToStream answers with an empty body, keeps other tags and overwrites known ones", () =>
    withStream({}, async ({ StreamName, StreamARN }) => {
      const answer = await call("AddTagsToStream", { StreamName, Tags: { a: "1", b: "2" } });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.text, "");
      await ok("AddTagsToStream", { StreamARN, Tags: { b: "3", c: "" } });
      assert.deepEqual(await tagsOf(StreamName), { a: "1", b: "3", c: "" });
    }));

  test("AddTagsToStream takes fifty tags to a stream and says ten when it refuses more", () =>
    withStream({}, async ({ StreamName }) => {
      const tags = (from: number, count: number) =>
        Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${from + i}`, "v"]));
      await ok("AddTagsToStream", { StreamName, Tags: tags(0, 10) });
      await ok("AddTagsToStream", { StreamName, Tags: tags(10, 40) });
      await ok("AddTagsToStream", { StreamName, Tags: tags(0, 10) });
      await assertSays("AddTagsToStream", { StreamName, Tags: tags(50, 1) }, "tags-too-many", { stream: StreamName });
      assert.equal(Object.keys(await tagsOf(StreamName)).length, 50);
    }));
});
