import { defineOperation } from "../operation.ts";
import { acknowledgeRecords } from "./change-records.ts";

/** An acknowledgement is durable before the response. It changes the queue alone: the stream keeps the records. */
export const acknowledgeQueueRecords = defineOperation({
  name: "AcknowledgeQueueRecords",
  plane: "data",
  handle: (input, context) => acknowledgeRecords("live", input, context),
});
