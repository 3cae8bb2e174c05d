import { streamHasConsumers, streamNotActive } from "../../model/stream-errors.ts";
import { changeStream } from "../change-stream.ts";
import { operation } from "../operation.ts";
import { requireStream } from "../require-stream.ts";
import { transitionDueMs } from "../transition-due.ts";

/** Consumers go with the stream, if the caller says so. Works from CREATING, ACTIVE and UPDATING (observed; the API reference asks for ACTIVE). */
export const deleteStream = operation({
  name: "DeleteStream",
  plane: "control",
  async handle(input, context) {
    await changeStream(context, () => {
      const live = requireStream(input, context);
      const { status } = live.stream;
      if (status === "DELETING") throw streamNotActive(live.stream, status);
      const hasConsumers = (live.stream.consumers ?? []).length > 0;
      if (hasConsumers && input.EnforceConsumerDeletion !== true) throw streamHasConsumers(live.stream);
      const intent = { kind: "delete", operationId: context.newId(), dueMs: transitionDueMs(context) } as const;
      return [live, { ...live.stream, status: "DELETING", intent }];
    });
    return undefined;
  },
});
