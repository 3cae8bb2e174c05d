import { withConsumer } from "../../streams/consumer-ref.ts";
import { requireConsumer } from "../find-consumer.ts";
import { defineOperation } from "../operation.ts";
import { transitionDueMs } from "../transition-due.ts";
import { updateStreamDocument } from "../update-stream-document.ts";

/** From any state; one that is being deleted already stays so. */
export const deregisterStreamConsumer = defineOperation({
  name: "DeregisterStreamConsumer",
  plane: "control",
  async handle(input, context) {
    await updateStreamDocument(context, () => {
      const { revision, consumer } = requireConsumer(input, context);
      if (consumer.status === "DELETING") return [revision, revision.stream];
      return [
        revision,
        withConsumer(revision.stream, { ...consumer, status: "DELETING", dueMs: transitionDueMs(context) }),
      ];
    });
    return undefined;
  },
});
