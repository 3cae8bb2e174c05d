import { defineOperation } from "../operation.ts";
import { requireServingQueue } from "../require-queue.ts";
import { entryResults } from "./entry-results.ts";

/** Timeouts count from now; 0 makes a dead letter visible at once. It stays a dead letter. */
export const updateDeadLetterQueueRecordsVisibility = defineOperation({
  name: "UpdateDeadLetterQueueRecordsVisibility",
  plane: "data",
  async handle(input, context) {
    const found = requireServingQueue(input.QueueARN, context);
    const changes = input.Entries.map((entry) => ({
      receiptHandle: entry.ReceiptHandle,
      visibilitySeconds: entry.VisibilityTimeoutSeconds,
    }));
    return entryResults(input.Entries, await context.queues.changeVisibility(found, "dead", changes));
  },
});
