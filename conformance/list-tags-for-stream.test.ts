import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { assertStreamNotFound } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { streamMembers, testInput } from "./support/input-shape.ts";
import { streamArn, suiteStream, uniqueName, withStream } from "./support/stream-fixture.ts";
import { assertViolations } from "./support/test-constraints.ts";

/** In the order of their code units. */
const keys = [" ", "+", "/", "0", "=", "@", "Zb", "_", "a", "ÿ"] as const;

describe("ListTagsForStream", () => {
  const stream = suiteStream();
  const absent = uniqueName("absent");
  const keysOf = async (input: object) => {
    const { Tags, HasMoreTags } = await ok("ListTagsForStream", { StreamName: stream.name, ...input });
    return [Tags.map(({ Key }) => Key), HasMoreTags];
  };

  before(() =>
    ok("AddTagsToStream", { StreamName: stream.name, Tags: Object.fromEntries(keys.map((key) => [key, ""])) }),
  );

  testInput(
    "ListTagsForStream",
    { StreamName: absent },
    {
      ...streamMembers,
      ExclusiveStartTagKey: { type: "String", min: 1, max: 128 },
      Limit: { type: "Integer", min: 1, max: 50 },
    },
  );

  test("ListTagsForStream lists several violations in one sentence", async () => {
    await assertViolations("ListTagsForStream", { StreamName: "", Limit: 0, ExclusiveStartTagKey: "" }, [
      "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
      "Value '' at 'exclusiveStartTagKey' failed to satisfy constraint: Member must have length greater than or equal to 1",
      "Value '' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
      "Value '' at 'streamName' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ]);
  });

  test("ListTagsForStream refuses a stream that does not exist, by name and by ARN", async () => {
    await assertStreamNotFound("ListTagsForStream", { StreamName: absent }, absent);
    await assertStreamNotFound("ListTagsForStream", { StreamARN: await streamArn(absent) }, absent);
  });

  test("ListTagsForStream gives an empty list for a stream without tags", () =>
    withStream({}, async ({ StreamARN }) => {
      assert.deepEqual(await ok("ListTagsForStream", { StreamARN }), { Tags: [], HasMoreTags: false });
    }));

  test("ListTagsForStream sorts by code units and gives empty values as such", async () => {
    const { Tags, HasMoreTags } = await ok("ListTagsForStream", { StreamARN: stream.arn });
    assert.deepEqual(
      Tags,
      keys.map((Key) => ({ Key, Value: "" })),
    );
    assert.equal(HasMoreTags, false);
  });

  test("ListTagsForStream pages by Limit and a start key that need not exist or be allowed", async () => {
    assert.deepEqual(await keysOf({ Limit: 2 }), [[" ", "+"], true]);
    assert.deepEqual(await keysOf({ ExclusiveStartTagKey: "+", Limit: 2 }), [["/", "0"], true]);
    assert.deepEqual(await keysOf({ ExclusiveStartTagKey: "Za" }), [["Zb", "_", "a", "ÿ"], false]);
    assert.deepEqual(await keysOf({ ExclusiveStartTagKey: "[\t%" }), [["_", "a", "ÿ"], false]);
    assert.deepEqual(await keysOf({ ExclusiveStartTagKey: "ÿ" }), [[], false]);
    assert.deepEqual(await keysOf({ Limit: 10 }), [keys, false]);
  });
});
