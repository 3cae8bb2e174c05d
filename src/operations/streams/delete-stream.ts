import { streamHasChannels } from "../../model/channel-errors.ts";
import { streamHasQueues } from "../../model/queue-errors.ts";
import { streamHasConsumers, streamNotActive } from "../../model/stream-errors.ts";
import { transitionDueMs } from "../begin-transition.ts";
import { defineOperation } from "../operation.ts";
import { requireStream } from "../require-stream.ts";
import { updateStreamDocument } from "../update-stream-document.ts";

/**
 * Works in CREATING, ACTIVE and UPDATING (observed; API reference: ACTIVE only). A stream with consumers needs
 * EnforceConsumerDeletion, which deletes them too. A stream with queues or channels is refused in any case.
 */
export const deleteStream = defineOperation({
  name: "DeleteStream",
  plane: "control",
  async handle(input, context) {
    await updateStreamDocument(context, () => {
      const revision = requireStream(input, context);
      const { status } = revision.stream;
      if (status === "DELETING") throw streamNotActive(revision.stream, status);
      if ((revision.stream.queues ?? []).length > 0) throw streamHasQueues(revision.stream);
      if ((revision.stream.channels ?? []).length > 0) throw streamHasChannels(revision.stream);
      const hasConsumers = (revision.stream.consumers ?? []).length > 0;
      if (hasConsumers && input.EnforceConsumerDeletion !== true) throw streamHasConsumers(revision.stream);
      const intent = { kind: "delete", operationId: context.newId(), dueMs: transitionDueMs(context) } as const;
      return [revision, { ...revision.stream, status: "DELETING", intent }];
    });
    return undefined;
  },
});
