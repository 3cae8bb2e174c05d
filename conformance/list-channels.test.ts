import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertRefusedAs } from "./support/assert-refused.ts";
import { ok } from "./support/call.ts";
import { withChannel, withTableChannel } from "./support/channel-fixture.ts";
import { testInput } from "./support/input-shape.ts";
import { streamArnPattern } from "./support/patterns.ts";

describe("ListChannels", () => {
  testInput(
    "ListChannels",
    {},
    {
      StreamFilter: { type: "List", min: 1, max: 10000 },
      "StreamFilter[]": { type: "Structure" },
      "StreamFilter[].StreamARN": { type: "String", required: true, min: 1, max: 2048, pattern: streamArnPattern },
      "StreamFilter[].StreamCreationTimestamp": { type: "Timestamp" },
      MaxResults: { type: "Integer", min: 1, max: 10000 },
      NextToken: { type: "String", min: 1, max: 1048576 },
    },
  );

  test("ListChannels gives a list", async () => {
    assert.ok(Array.isArray((await ok("ListChannels", {})).ChannelSummaries));
  });

  test("ListChannels refuses a token that it did not make", async () => {
    await assertRefusedAs("ListChannels", { NextToken: "AAAA" }, "InvalidArgumentException");
  });

  test("ListChannels gives the channels of a stream", async () => {
    await withChannel(async ({ channel, StreamARN }) => {
      const { ChannelSummaries } = await ok("ListChannels", { StreamFilter: [{ StreamARN }] });
      const [summary, ...others] = ChannelSummaries;
      assert.deepEqual(others, []);
      const { ChannelARN, ChannelDestinationType, Streams } = summary ?? {};
      assert.deepEqual([ChannelARN, ChannelDestinationType], [channel.ChannelARN, "S3"]);
      assert.deepEqual(
        Streams?.map((stream) => stream.StreamARN),
        [StreamARN],
      );
    });
  });

  test("ListChannels tells a channel into a table from one into a bucket", async () => {
    await withTableChannel(async ({ channel, StreamARN }) => {
      const { ChannelSummaries } = await ok("ListChannels", { StreamFilter: [{ StreamARN }] });
      assert.deepEqual(
        ChannelSummaries.map(({ ChannelARN, ChannelDestinationType }) => [ChannelARN, ChannelDestinationType]),
        [[channel.ChannelARN, "S3_TABLES"]],
      );
    });
  });
});
