import { channelNotFound } from "../../model/channel-errors.ts";
import { defineOperation } from "../operation.ts";

/** No channel exists: CreateChannel is always refused. */
export const describeChannel = defineOperation({
  name: "DescribeChannel",
  plane: "control",
  async handle(input) {
    throw channelNotFound(input.ChannelARN);
  },
});
