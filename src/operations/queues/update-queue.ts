import { queueNotActive } from "../../model/queue-errors.ts";
import { replaceQueue } from "../../streams/queue-ref.ts";
import { withAttributes } from "../../streams/queue-settings.ts";
import type { StreamQueue } from "../../streams/stream.ts";
import { transitionDueMs } from "../begin-transition.ts";
import { defineOperation } from "../operation.ts";
import { requireQueue } from "../require-queue.ts";
import { updateStreamDocument } from "../update-stream-document.ts";
import { queueDescriptionOutput } from "./queue-output.ts";

/** The new attributes count for later receives at once; what is in flight keeps its time. No attribute is accepted too. */
export const updateQueue = defineOperation({
  name: "UpdateQueue",
  plane: "control",
  async handle(input, context) {
    // Checked for a queue that does not exist too: what makes a request invalid comes before what it names.
    withAttributes(input.QueueAttributes);
    let updated: StreamQueue | undefined;
    const { stream } = await updateStreamDocument(context, () => {
      const { revision, queue } = requireQueue(input.QueueARN, context);
      if (queue.status !== "ACTIVE") throw queueNotActive(input.QueueARN, queue.status);
      const { receiveCountMax: _former, ...rest } = queue;
      const attributes = withAttributes(input.QueueAttributes, queue);
      updated = { ...rest, ...attributes, status: "UPDATING", dueMs: transitionDueMs(context) };
      return [revision, replaceQueue(revision.stream, updated)];
    });
    if (updated === undefined) throw new Error("an update that was written has been planned");
    return { QueueDescription: queueDescriptionOutput(stream, updated) };
  },
});
