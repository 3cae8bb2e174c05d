import { channelsNotSupported } from "../../model/channel-errors.ts";
import { defineOperation } from "../operation.ts";

/** Always refused: channels deliver to S3, and this server does not. */
export const createChannel = defineOperation({
  name: "CreateChannel",
  plane: "control",
  async handle() {
    throw channelsNotSupported();
  },
});
