import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertStreamNotFound } from "./support/assert-refused.ts";
import { ok, refused } from "./support/call.ts";
import { streamMembers, testInput } from "./support/input-shape.ts";
import { shardLevelMetrics } from "./support/shard-level-metrics.ts";
import { streamArn, suiteStream, uniqueName, untilActive } from "./support/stream-fixture.ts";
import { assertViolations } from "./support/test-constraints.ts";

describe("DisableEnhancedMonitoring", () => {
  const stream = suiteStream();
  const absent = uniqueName("absent");

  testInput(
    "DisableEnhancedMonitoring",
    { StreamName: absent, ShardLevelMetrics: ["ALL"] },
    {
      ...streamMembers,
      ShardLevelMetrics: { type: "List", required: true },
      "ShardLevelMetrics[]": { type: "String" },
    },
  );

  test("DisableEnhancedMonitoring refuses a stream that does not exist, by name and by ARN", async () => {
    const ShardLevelMetrics = ["ALL"];
    await assertStreamNotFound("DisableEnhancedMonitoring", { StreamName: absent, ShardLevelMetrics }, absent);
    const StreamARN = await streamArn(absent);
    await assertStreamNotFound("DisableEnhancedMonitoring", { StreamARN, ShardLevelMetrics }, absent);
  });

  test("DisableEnhancedMonitoring takes one to seven metrics, although there are eight names", async () => {
    const path = "at 'shardLevelMetrics' failed to satisfy constraint: Member must have length";
    await assertViolations("DisableEnhancedMonitoring", { StreamName: absent, ShardLevelMetrics: [] }, [
      `Value '[]' ${path} greater than or equal to 1`,
    ]);
    const ShardLevelMetrics = [...shardLevelMetrics, "ALL"];
    await assertViolations("DisableEnhancedMonitoring", { StreamName: absent, ShardLevelMetrics }, [
      `Value '[${ShardLevelMetrics.join(", ")}]' ${path} less than or equal to 7`,
    ]);
  });

  test("DisableEnhancedMonitoring refuses a metric that does not exist as a violation", async () => {
    const { type } = await refused("DisableEnhancedMonitoring", {
      StreamName: absent,
      ShardLevelMetrics: ["Nonsense"],
    });
    assert.equal(type, "ValidationException");
  });

  test("DisableEnhancedMonitoring takes off what it names, nothing that is off, and everything for ALL", async () => {
    const StreamName = stream.name;
    const disable = async (...ShardLevelMetrics: readonly string[]) => {
      const answer = await ok("DisableEnhancedMonitoring", { StreamName, ShardLevelMetrics });
      await untilActive(StreamName);
      assert.deepEqual([answer.StreamName, answer.StreamARN], [StreamName, stream.arn]);
      return [answer.CurrentShardLevelMetrics.toSorted(), answer.DesiredShardLevelMetrics.toSorted()];
    };
    assert.deepEqual(await disable("IncomingBytes"), [[], []]);
    await ok("EnableEnhancedMonitoring", { StreamName, ShardLevelMetrics: ["ALL"] });
    await untilActive(StreamName);
    const six = shardLevelMetrics.filter((name) => name !== "IncomingBytes");
    assert.deepEqual(await disable("IncomingBytes"), [shardLevelMetrics, six]);
    assert.deepEqual(await disable("ALL"), [six, []]);
    const { EnhancedMonitoring } = await untilActive(StreamName);
    assert.deepEqual(EnhancedMonitoring, [{ ShardLevelMetrics: [] }]);
  });
});
