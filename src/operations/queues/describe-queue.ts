import { defineOperation } from "../operation.ts";
import { requireQueue } from "../require-queue.ts";
import { queueDescriptionOutput } from "./queue-output.ts";

/** In every state. */
export const describeQueue = defineOperation({
  name: "DescribeQueue",
  plane: "control",
  async handle(input, context) {
    const { revision, queue } = requireQueue(input.QueueARN, context);
    return { QueueDescription: queueDescriptionOutput(revision.stream, queue) };
  },
});
