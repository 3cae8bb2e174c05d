import { listByStream } from "../list-by-stream.ts";
import { defineOperation } from "../operation.ts";
import { queueSummaryOutput } from "./queue-output.ts";

/** Queues in all states, sorted by name; with a filter those of its streams. */
export const listQueues = defineOperation({
  name: "ListQueues",
  plane: "control",
  async handle(input, context) {
    const { rows, token } = listByStream(input, context, { kind: "queues", rowsOf: ({ queues }) => queues });
    return { QueueSummaries: rows.map(({ stream, row }) => queueSummaryOutput(stream, row)), ...token };
  },
});
