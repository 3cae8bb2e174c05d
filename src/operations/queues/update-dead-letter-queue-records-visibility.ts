import { defineOperation } from "../operation.ts";
import { changeRecordsVisibility } from "./change-records.ts";

/** Timeouts count from now; 0 makes a dead letter visible at once. It stays a dead letter. */
export const updateDeadLetterQueueRecordsVisibility = defineOperation({
  name: "UpdateDeadLetterQueueRecordsVisibility",
  plane: "data",
  handle: (input, context) => changeRecordsVisibility("dead", input, context),
});
