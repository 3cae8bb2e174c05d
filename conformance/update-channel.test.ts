import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { untilChannelActive, withChannel, withTableChannel } from "./support/channel-fixture.ts";
import { testInput } from "./support/input-shape.ts";
import { channelArnPattern } from "./support/patterns.ts";
import { streamArn, uniqueName } from "./support/stream-fixture.ts";

describe("UpdateChannel", () => {
  const valid = {
    ChannelARN: "arn:aws:kinesis:us-east-1:123456789012:channel/absent",
    S3DestinationConfiguration: { DataFreshnessInSeconds: 300 },
    LoggingConfiguration: { CloudWatchLogs: { Enabled: false } },
  };

  testInput("UpdateChannel", valid, {
    ChannelARN: { type: "String", required: true, min: 1, max: 2048, pattern: channelArnPattern },
    S3DestinationConfiguration: { type: "Structure" },
    "S3DestinationConfiguration.DataFreshnessInSeconds": { type: "Integer", required: true },
    S3TablesDestinationConfiguration: { type: "Structure" },
    "S3TablesDestinationConfiguration.DataFreshnessInSeconds": { type: "Integer", required: true },
    LoggingConfiguration: { type: "Structure" },
    "LoggingConfiguration.CloudWatchLogs": { type: "Structure", required: true },
    "LoggingConfiguration.CloudWatchLogs.Enabled": { type: "Boolean", required: true },
    "LoggingConfiguration.CloudWatchLogs.LogGroupName": {
      type: "String",
      min: 1,
      max: 512,
      pattern: "[\\.\\-_/#A-Za-z0-9]+",
    },
    "LoggingConfiguration.CloudWatchLogs.LogStreamName": { type: "String", min: 1, max: 512, pattern: "[^:*]*" },
  });

  test("UpdateChannel refuses a channel that does not exist", async () => {
    const ChannelARN = (await streamArn(uniqueName("absent"))).replace(":stream/", ":channel/");
    const input = { ChannelARN, S3DestinationConfiguration: { DataFreshnessInSeconds: 300 } };
    await assertRefusedAs("UpdateChannel", input, "ResourceNotFoundException");
  });

  test("UpdateChannel changes the freshness, and the channel is ACTIVE again", async () => {
    await withChannel(async ({ channel: { ChannelARN } }) => {
      const input = { ChannelARN, S3DestinationConfiguration: { DataFreshnessInSeconds: 600 } };
      await ok("UpdateChannel", input);
      const { S3DestinationConfiguration } = await untilChannelActive(ChannelARN);
      assert.equal(S3DestinationConfiguration?.DataFreshnessInSeconds, 600);
    });
  });

  test("UpdateChannel changes the freshness of a channel into a table, by the member of tables alone", async () => {
    await withTableChannel(async ({ channel: { ChannelARN } }) => {
      const freshness = { DataFreshnessInSeconds: 600 };
      const other = { ChannelARN, S3DestinationConfiguration: freshness };
      await assertRefusedAs("UpdateChannel", other, "ValidationException");
      await ok("UpdateChannel", { ChannelARN, S3TablesDestinationConfiguration: freshness });
      const { S3TablesDestinationConfiguration } = await untilChannelActive(ChannelARN);
      assert.equal(S3TablesDestinationConfiguration?.DataFreshnessInSeconds, 600);
    });
  });
});
