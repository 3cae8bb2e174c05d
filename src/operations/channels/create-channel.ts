import { channelsNotDelivered } from "../../model/setting-errors.ts";
import { defineOperation } from "../operation.ts";

/** Channels deliver to S3. This server does not, and says so instead of taking records that go nowhere. */
export const createChannel = defineOperation({
  name: "CreateChannel",
  plane: "control",
  async handle() {
    throw channelsNotDelivered();
  },
});
