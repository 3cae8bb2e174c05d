import { replaceQueue } from "../../streams/queue-ref.ts";
import { transitionDueMs } from "../begin-transition.ts";
import { defineOperation } from "../operation.ts";
import { requireQueue } from "../require-queue.ts";
import { updateStreamDocument } from "../update-stream-document.ts";

/** Works in every state: ResourceInUseException is not declared. DELETING stays DELETING. */
export const deleteQueue = defineOperation({
  name: "DeleteQueue",
  plane: "control",
  async handle(input, context) {
    await updateStreamDocument(context, () => {
      const { revision, queue } = requireQueue(input.QueueARN, context);
      if (queue.status === "DELETING") return [revision, revision.stream];
      const deleting = { ...queue, status: "DELETING", dueMs: transitionDueMs(context) } as const;
      return [revision, replaceQueue(revision.stream, deleting)];
    });
    return undefined;
  },
});
