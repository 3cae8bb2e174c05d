import { checkQueues } from "../../limits/quotas.ts";
import { queueExists, queueNeedsOnDemand } from "../../model/queue-errors.ts";
import { streamNotFound } from "../../model/stream-errors.ts";
import type { StreamRevision } from "../../registry/stream-revision.ts";
import { findQueue } from "../../streams/queue-ref.ts";
import { parseStreamConfigurations, withAttributes } from "../../streams/queue-settings.ts";
import type { Stream, StreamQueue } from "../../streams/stream.ts";
import { addTags } from "../../streams/tags.ts";
import { transitionDueMs } from "../begin-transition.ts";
import { createNamedRow } from "../create-named-row.ts";
import { defineOperation } from "../operation.ts";
import type { OperationContext } from "../operation-context.ts";
import { requireStreamInState } from "../require-stream.ts";
import { queueDescriptionOutput } from "./queue-output.ts";

/**
 * Reserves the name, then writes the queue as a row of its stream's document; the reconciler makes it ACTIVE. A name can be
 * used again once its queue is gone. The same call twice is a second queue, and so refused.
 */
export const createQueue = defineOperation({
  name: "CreateQueue",
  plane: "control",
  async handle(input, context) {
    const { account, region } = context.caller;
    const { streamArn, start } = parseStreamConfigurations(input.StreamConfigurationList);
    const attributes = withAttributes(input.QueueAttributes);
    const isCommitted = await context.accounts.isCommitted(account, region, context.clock.nowMs());
    const plan = (id: string): readonly [StreamRevision, Stream] => {
      const revision = requireQueueableStream(streamArn, context);
      const { stream } = revision;
      const { isNameTaken, changingCount } = otherQueues(input.QueueName, context);
      if (isNameTaken) throw queueExists(input.QueueName, account);
      const queues = stream.queues ?? [];
      const readerCount = queues.length + (stream.consumers ?? []).length;
      checkQueues(context.limits?.table, stream, { readerCount, changingCount, isCommitted });
      const queue: StreamQueue = {
        id,
        name: input.QueueName,
        status: "CREATING",
        createdMs: context.clock.nowMs(),
        dueMs: transitionDueMs(context),
        start,
        ...attributes,
        tags: addTags(stream, {}, input.Tags ?? {}),
      };
      return [revision, { ...stream, queues: [...queues, queue] }];
    };
    const { id, stream } = await createNamedRow(context, {
      name: input.QueueName,
      names: context.queueNames,
      isUsed: (id) => context.registry.findQueue(account, region, id) !== undefined,
      plan,
      exists: () => queueExists(input.QueueName, account),
    });
    const created = findQueue(stream, id);
    if (created === undefined) throw new Error("a queue that was just written is in the document");
    return { QueueDescription: { ...queueDescriptionOutput(stream, created), QueueStatus: "CREATING" } };
  },
});

/** The stream of the caller's own account. Errors: ResourceNotFound-, ResourceInUse- and ValidationException. */
function requireQueueableStream(streamArn: string, context: OperationContext): StreamRevision {
  const revision = requireStreamInState(["ACTIVE", "UPDATING"], { StreamARN: streamArn }, context);
  const { stream } = revision;
  if (stream.account !== context.caller.account) throw streamNotFound(stream);
  if (stream.mode !== "ON_DEMAND") throw queueNeedsOnDemand(stream);
  return revision;
}

/** Whether a queue of the account in the region has the name, and how many of its queues are CREATING or DELETING. */
function otherQueues(name: string, { registry, caller }: OperationContext) {
  let isNameTaken = false;
  let changingCount = 0;
  for (const { stream } of registry.inRegion(caller.account, caller.region)) {
    for (const queue of stream.queues ?? []) {
      if (queue.name === name) isNameTaken = true;
      if (queue.status === "CREATING" || queue.status === "DELETING") changingCount++;
    }
  }
  return { isNameTaken, changingCount };
}
