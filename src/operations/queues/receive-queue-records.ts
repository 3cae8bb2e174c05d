import { defineOperation } from "../operation.ts";
import { receiveRecords } from "./receive-records.ts";

/** Does not give dead letters. */
export const receiveQueueRecords = defineOperation({
  name: "ReceiveQueueRecords",
  plane: "data",
  handle: (input, context) => receiveRecords("live", input, context),
});
