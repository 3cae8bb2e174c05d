import { defineOperation } from "../operation.ts";
import { requireServingQueue } from "../require-queue.ts";
import { entryResults } from "./entry-results.ts";

/** Makes dead letters ordinary records with a receive count of 0, visible at once. Durable before the response. */
export const restoreDeadLetterQueueRecords = defineOperation({
  name: "RestoreDeadLetterQueueRecords",
  plane: "data",
  async handle(input, context) {
    const found = requireServingQueue(input.QueueARN, context);
    const handles = input.Entries.map(({ ReceiptHandle }) => ReceiptHandle);
    return entryResults(input.Entries, await context.queues.restore(found, handles));
  },
});
