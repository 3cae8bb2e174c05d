import { defineOperation } from "../operation.ts";
import { restoreRecords } from "./change-records.ts";

/** Makes dead letters ordinary records with a receive count of 0, visible at once. Durable before the response. */
export const restoreDeadLetterQueueRecords = defineOperation({
  name: "RestoreDeadLetterQueueRecords",
  plane: "data",
  handle: (input, context) => restoreRecords(input, context),
});
