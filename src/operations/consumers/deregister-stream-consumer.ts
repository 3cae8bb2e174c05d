import { replaceConsumer } from "../../streams/consumer-ref.ts";
import { transitionDueMs } from "../begin-transition.ts";
import { defineOperation } from "../operation.ts";
import { requireConsumer } from "../require-consumer.ts";
import { updateStreamDocument } from "../update-stream-document.ts";

/** Works in every state of the consumer; DELETING stays DELETING. */
export const deregisterStreamConsumer = defineOperation({
  name: "DeregisterStreamConsumer",
  plane: "control",
  async handle(input, context) {
    await updateStreamDocument(context, () => {
      const { revision, consumer } = requireConsumer(input, context);
      if (consumer.status === "DELETING") return [revision, revision.stream];
      return [
        revision,
        replaceConsumer(revision.stream, { ...consumer, status: "DELETING", dueMs: transitionDueMs(context) }),
      ];
    });
    return undefined;
  },
});
