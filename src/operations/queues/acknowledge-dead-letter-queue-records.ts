import { defineOperation } from "../operation.ts";
import { requireServingQueue } from "../require-queue.ts";
import { entryResults } from "./entry-results.ts";

/** Discards dead letters for this queue; the stream keeps the records. Durable before the response. */
export const acknowledgeDeadLetterQueueRecords = defineOperation({
  name: "AcknowledgeDeadLetterQueueRecords",
  plane: "data",
  async handle(input, context) {
    const found = requireServingQueue(input.QueueARN, context);
    const handles = input.Entries.map(({ ReceiptHandle }) => ReceiptHandle);
    return entryResults(input.Entries, await context.queues.acknowledge(found, "dead", handles));
  },
});
