import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertStreamNotFound } from "./support/assert-refused.ts";
import { ok, refused } from "./support/call.ts";
import { streamMembers, testInput } from "./support/input-shape.ts";
import { shardLevelMetrics } from "./support/shard-level-metrics.ts";
import { streamArn, suiteStream, uniqueName, untilActive, withStream } from "./support/stream-fixture.ts";
import { assertViolations } from "./support/test-constraints.ts";

describe("EnableEnhancedMonitoring", () => {
  const stream = suiteStream();
  const absent = uniqueName("absent");

  testInput(
    "EnableEnhancedMonitoring",
    { StreamName: absent, ShardLevelMetrics: ["ALL"] },
    {
      ...streamMembers,
      ShardLevelMetrics: { type: "List", required: true },
      "ShardLevelMetrics[]": { type: "String" },
    },
  );

  test("EnableEnhancedMonitoring refuses a stream that does not exist, by name and by ARN", async () => {
    const ShardLevelMetrics = ["ALL"];
    await assertStreamNotFound("EnableEnhancedMonitoring", { StreamName: absent, ShardLevelMetrics }, absent);
    const StreamARN = await streamArn(absent);
    await assertStreamNotFound("EnableEnhancedMonitoring", { StreamARN, ShardLevelMetrics }, absent);
  });

  test("EnableEnhancedMonitoring takes one to seven metrics, although there are eight names", async () => {
    const path = "at 'shardLevelMetrics' failed to satisfy constraint: Member must have length";
    await assertViolations("EnableEnhancedMonitoring", { StreamName: absent, ShardLevelMetrics: [] }, [
      `Value '[]' ${path} greater than or equal to 1`,
    ]);
    const ShardLevelMetrics = [...shardLevelMetrics, "ALL"];
    await assertViolations("EnableEnhancedMonitoring", { StreamName: absent, ShardLevelMetrics }, [
      `Value '[${ShardLevelMetrics.join(", ")}]' ${path} less than or equal to 7`,
    ]);
  });

  test("EnableEnhancedMonitoring refuses a metric that does not exist as a violation", async () => {
    const { type } = await refused("EnableEnhancedMonitoring", { StreamName: absent, ShardLevelMetrics: ["Nonsense"] });
    assert.equal(type, "ValidationException");
  });

  test("EnableEnhancedMonitoring tells the metrics before and after the call, and keeps those that were on", () =>
    withStream({}, async ({ StreamName, StreamARN }) => {
      const first = await ok("EnableEnhancedMonitoring", { StreamName, ShardLevelMetrics: ["IncomingBytes"] });
      assert.deepEqual(first, {
        StreamName,
        StreamARN,
        CurrentShardLevelMetrics: [],
        DesiredShardLevelMetrics: ["IncomingBytes"],
      });
      await untilActive(StreamName);
      const second = await ok("EnableEnhancedMonitoring", { StreamARN, ShardLevelMetrics: ["OutgoingBytes"] });
      assert.deepEqual(second.CurrentShardLevelMetrics, ["IncomingBytes"]);
      assert.deepEqual(second.DesiredShardLevelMetrics.toSorted(), ["IncomingBytes", "OutgoingBytes"]);
      const { EnhancedMonitoring } = await untilActive(StreamName);
      assert.equal(EnhancedMonitoring.length, 1);
      assert.deepEqual(EnhancedMonitoring[0]?.ShardLevelMetrics.toSorted(), ["IncomingBytes", "OutgoingBytes"]);
    }));

  test("EnableEnhancedMonitoring takes ALL for the seven metrics there are", async () => {
    const answer = await ok("EnableEnhancedMonitoring", { StreamName: stream.name, ShardLevelMetrics: ["ALL"] });
    assert.deepEqual(answer.DesiredShardLevelMetrics.toSorted(), shardLevelMetrics);
    const { EnhancedMonitoring } = await untilActive(stream.name);
    assert.deepEqual(EnhancedMonitoring[0]?.ShardLevelMetrics.toSorted(), shardLevelMetrics);
  });
});
