import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { withChannel, withTableChannel } from "./support/channel-fixture.ts";
import { testInput } from "./support/input-shape.ts";
import { channelArnPattern } from "./support/patterns.ts";
import { streamArn, uniqueName } from "./support/stream-fixture.ts";

describe("DescribeChannel", () => {
  testInput(
    "DescribeChannel",
    { ChannelARN: "arn:aws:kinesis:us-east-1:123456789012:channel/absent" },
    {
      ChannelARN: { type: "String", required: true, min: 1, max: 2048, pattern: channelArnPattern },
    },
  );

  test("DescribeChannel refuses a channel that does not exist", async () => {
    const ChannelARN = (await streamArn(uniqueName("absent"))).replace(":stream/", ":channel/");
    await assertRefusedAs("DescribeChannel", { ChannelARN }, "ResourceNotFoundException");
  });

  test("DescribeChannel shows what the channel was made with", async () => {
    await withChannel(async ({ channel, input }) => {
      const { ChannelDescription } = await ok("DescribeChannel", { ChannelARN: channel.ChannelARN });
      assert.equal(ChannelDescription.ServiceExecutionRoleARN, input["ServiceExecutionRoleARN"]);
      const { DataFreshnessInSeconds, StorageConfiguration } = ChannelDescription.S3DestinationConfiguration ?? {};
      assert.deepEqual([DataFreshnessInSeconds, StorageConfiguration?.CompressionType], [300, "GZIP"]);
    });
  });

  test("DescribeChannel shows the table that a channel was made with", async () => {
    await withTableChannel(async ({ channel, input }) => {
      const { ChannelDescription } = await ok("DescribeChannel", { ChannelARN: channel.ChannelARN });
      const { S3TablesDestinationConfiguration: shown } = ChannelDescription;
      const given = input["S3TablesDestinationConfiguration"] as NonNullable<typeof shown>;
      assert.deepEqual(shown?.S3TablesConfigurationList, given.S3TablesConfigurationList);
      assert.equal(shown?.DataFreshnessInSeconds, 300);
    });
  });
});
