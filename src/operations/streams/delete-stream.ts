import { streamHasConsumers, streamNotActive } from "../../model/stream-errors.ts";
import { requireStream } from "../find-stream.ts";
import { defineOperation } from "../operation.ts";
import { transitionDueMs } from "../transition-due.ts";
import { updateStreamDocument } from "../update-stream-document.ts";

/** Consumers go with the stream, if the caller says so. Works from CREATING, ACTIVE and UPDATING (observed; the API reference asks for ACTIVE). */
export const deleteStream = defineOperation({
  name: "DeleteStream",
  plane: "control",
  async handle(input, context) {
    await updateStreamDocument(context, () => {
      const revision = requireStream(input, context);
      const { status } = revision.stream;
      if (status === "DELETING") throw streamNotActive(revision.stream, status);
      const hasConsumers = (revision.stream.consumers ?? []).length > 0;
      if (hasConsumers && input.EnforceConsumerDeletion !== true) throw streamHasConsumers(revision.stream);
      const intent = { kind: "delete", operationId: context.newId(), dueMs: transitionDueMs(context) } as const;
      return [revision, { ...revision.stream, status: "DELETING", intent }];
    });
    return undefined;
  },
});
