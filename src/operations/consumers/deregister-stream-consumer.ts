import { withConsumer } from "../../streams/find-consumer.ts";
import { changeStream } from "../change-stream.ts";
import { operation } from "../operation.ts";
import { requireConsumer } from "../require-consumer.ts";
import { transitionDueMs } from "../transition-due.ts";

/** From any state; one that is being deleted already stays so. */
export const deregisterStreamConsumer = operation({
  name: "DeregisterStreamConsumer",
  plane: "control",
  async handle(input, context) {
    await changeStream(context, () => {
      const { live, consumer } = requireConsumer(input, context);
      if (consumer.status === "DELETING") return [live, live.stream];
      return [live, withConsumer(live.stream, { ...consumer, status: "DELETING", dueMs: transitionDueMs(context) })];
    });
    return undefined;
  },
});
