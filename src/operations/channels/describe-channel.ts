import { defineOperation } from "../operation.ts";
import { requireChannel } from "../require-channel.ts";
import { channelDescriptionOutput } from "./channel-output.ts";

/** In every state. */
export const describeChannel = defineOperation({
  name: "DescribeChannel",
  plane: "control",
  async handle(input, context) {
    const { revision, channel } = requireChannel(input.ChannelARN, context);
    return { ChannelDescription: channelDescriptionOutput(revision.stream, channel) };
  },
});
