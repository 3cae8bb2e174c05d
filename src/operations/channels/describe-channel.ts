import { channelNotFound } from "../../model/setting-errors.ts";
import { defineOperation } from "../operation.ts";

/** No channel can be created here, so none is ever found. */
export const describeChannel = defineOperation({
  name: "DescribeChannel",
  plane: "control",
  async handle(input) {
    throw channelNotFound(input.ChannelARN);
  },
});
