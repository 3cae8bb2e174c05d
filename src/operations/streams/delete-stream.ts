import { streamNotActive } from "../../model/stream-errors.ts";
import { changeStream } from "../change-stream.ts";
import { operation } from "../operation.ts";
import { requireStream } from "../require-stream.ts";

/** Works from CREATING, ACTIVE and UPDATING (observed; the API reference asks for ACTIVE). */
export const deleteStream = operation({
  name: "DeleteStream",
  plane: "control",
  async handle(input, context) {
    await changeStream(context, () => {
      const live = requireStream(input, context);
      const { status } = live.stream;
      if (status === "DELETING") throw streamNotActive(live.stream, status);
      const dueMs = context.clock.nowMs() + context.transitionDelayMs;
      return [live, { ...live.stream, status: "DELETING", intent: { kind: "delete", operationId: context.newId(), dueMs } }];
    });
    return undefined;
  },
});
