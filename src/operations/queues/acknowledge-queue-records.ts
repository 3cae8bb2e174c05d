import { defineOperation } from "../operation.ts";
import { requireServingQueue } from "../require-queue.ts";
import { entryResults } from "./entry-results.ts";

/** An acknowledgement is durable before the response. It changes the queue alone: the stream keeps the records. */
export const acknowledgeQueueRecords = defineOperation({
  name: "AcknowledgeQueueRecords",
  plane: "data",
  async handle(input, context) {
    const found = requireServingQueue(input.QueueARN, context);
    const handles = input.Entries.map(({ ReceiptHandle }) => ReceiptHandle);
    return entryResults(input.Entries, await context.queues.acknowledge(found, "live", handles));
  },
});
