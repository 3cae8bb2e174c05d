import { defineOperation } from "../operation.ts";
import { requireServingQueue } from "../require-queue.ts";
import { entryResults } from "./entry-results.ts";

/** Timeouts count from now; 0 makes a record visible at once, or a dead letter after its last try. */
export const updateQueueRecordsVisibility = defineOperation({
  name: "UpdateQueueRecordsVisibility",
  plane: "data",
  async handle(input, context) {
    const found = requireServingQueue(input.QueueARN, context);
    const changes = input.Entries.map((entry) => ({
      receiptHandle: entry.ReceiptHandle,
      visibilitySeconds: entry.VisibilityTimeoutSeconds,
    }));
    return entryResults(input.Entries, await context.queues.changeVisibility(found, "live", changes));
  },
});
