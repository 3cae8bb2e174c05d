import { defineOperation } from "../operation.ts";
import { receiveRecords } from "./receive-records.ts";

/** Gives dead letters alone; receiving one does not change its receive count. */
export const receiveDeadLetterQueueRecords = defineOperation({
  name: "ReceiveDeadLetterQueueRecords",
  plane: "data",
  handle: (input, context) => receiveRecords("dead", input, context),
});
