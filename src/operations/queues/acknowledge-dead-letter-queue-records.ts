import { defineOperation } from "../operation.ts";
import { acknowledgeRecords } from "./change-records.ts";

/** Discards dead letters for this queue; the stream keeps the records. Durable before the response. */
export const acknowledgeDeadLetterQueueRecords = defineOperation({
  name: "AcknowledgeDeadLetterQueueRecords",
  plane: "data",
  handle: (input, context) => acknowledgeRecords("dead", input, context),
});
