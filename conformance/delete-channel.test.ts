import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { untilChannelActive, untilChannelGone, withChannel, withTableChannel } from "./support/channel-fixture.ts";
import { testInput } from "./support/input-shape.ts";
import { channelArnPattern } from "./support/patterns.ts";
import { streamArn, uniqueName } from "./support/stream-fixture.ts";

describe("DeleteChannel", () => {
  testInput(
    "DeleteChannel",
    { ChannelARN: "arn:aws:kinesis:us-east-1:123456789012:channel/absent" },
    {
      ChannelARN: { type: "String", required: true, min: 1, max: 2048, pattern: channelArnPattern },
    },
  );

  test("DeleteChannel refuses a channel that does not exist", async () => {
    const ChannelARN = (await streamArn(uniqueName("absent"))).replace(":stream/", ":channel/");
    await assertRefusedAs("DeleteChannel", { ChannelARN }, "ResourceNotFoundException");
  });

  test("DeleteChannel deletes a channel, and then its name is free", async () => {
    await withChannel(async ({ channel: { ChannelARN }, input }) => {
      await ok("DeleteChannel", { ChannelARN });
      await untilChannelGone(ChannelARN);
      const { ChannelDescription } = await ok("CreateChannel", input);
      assert.notEqual(ChannelDescription.ChannelARN, ChannelARN);
      await untilChannelActive(ChannelDescription.ChannelARN);
    });
  });

  test("DeleteChannel deletes a channel into a table", async () => {
    await withTableChannel(async ({ channel: { ChannelARN }, StreamName }) => {
      await ok("DeleteChannel", { ChannelARN });
      await untilChannelGone(ChannelARN);
      const { StreamDescriptionSummary } = await ok("DescribeStreamSummary", { StreamName });
      assert.equal(StreamDescriptionSummary.ChannelCount, 0);
    });
  });
});
