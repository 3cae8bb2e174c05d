import { defineOperation } from "../operation.ts";
import { changeRecordsVisibility } from "./change-records.ts";

/** Timeouts count from now; 0 makes a record visible at once, or a dead letter after its last try. */
export const updateQueueRecordsVisibility = defineOperation({
  name: "UpdateQueueRecordsVisibility",
  plane: "data",
  handle: (input, context) => changeRecordsVisibility("live", input, context),
});
