import { channelNotFound } from "../../model/setting-errors.ts";
import { operation } from "../operation.ts";

/** No channel can be created here, so none is ever found. */
export const describeChannel = operation({
  name: "DescribeChannel",
  plane: "control",
  async handle(input) {
    throw channelNotFound(input.ChannelARN);
  },
});
