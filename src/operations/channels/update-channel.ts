import { channelNotFound } from "../../model/setting-errors.ts";
import { operation } from "../operation.ts";

/** No channel can be created here, so none is ever found. */
export const updateChannel = operation({
  name: "UpdateChannel",
  plane: "control",
  async handle(input) {
    throw channelNotFound(input.ChannelARN);
  },
});
