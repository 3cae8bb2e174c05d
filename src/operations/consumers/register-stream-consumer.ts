import { checkConsumers } from "../../limits/quotas.ts";
import { consumerExists } from "../../model/consumer-errors.ts";
import type { Stream, StreamConsumer } from "../../streams/stream.ts";
import { addTags } from "../../streams/tags.ts";
import { transitionDueMs } from "../begin-transition.ts";
import { defineOperation } from "../operation.ts";
import { requireStreamInState } from "../require-stream.ts";
import { updateStreamDocument } from "../update-stream-document.ts";
import { consumerOutput } from "./consumer-output.ts";

/** A name can be used again once its deregistered consumer is gone; the new consumer has another ARN. */
export const registerStreamConsumer = defineOperation({
  name: "RegisterStreamConsumer",
  plane: "control",
  async handle(input, context) {
    const { account, region } = context.caller;
    const isCommitted = await context.accounts.isCommitted(account, region, context.clock.nowMs());
    const { stream } = await updateStreamDocument(context, () => {
      const revision = requireStreamInState(["ACTIVE", "UPDATING"], input, context);
      const consumers = revision.stream.consumers ?? [];
      if (consumers.some(({ name }) => name === input.ConsumerName)) {
        throw consumerExists(revision.stream, input.ConsumerName);
      }
      const creatingCount = consumers.filter(({ status }) => status === "CREATING").length;
      const counts = {
        registeredCount: consumers.length + (revision.stream.queues ?? []).length,
        creatingCount,
        isCommitted,
      };
      checkConsumers(context.limits?.table, revision.stream, counts);
      const consumer: StreamConsumer = {
        name: input.ConsumerName,
        createdMs: creationMs(revision.stream, context.clock.nowMs()),
        status: "CREATING",
        dueMs: transitionDueMs(context),
        tags: addTags(revision.stream, {}, input.Tags ?? {}),
      };
      return [revision, { ...revision.stream, consumers: [...consumers, consumer] }];
    });
    const registered = stream.consumers?.find(({ name }) => name === input.ConsumerName);
    if (registered === undefined) throw new Error("a consumer that was just written is in the document");
    return { Consumer: { ...consumerOutput(stream, registered), ConsumerStatus: "CREATING" } };
  },
});

/** Later than the second of every consumer that is gone: the second is part of the ARN, which must be unique. */
function creationMs({ consumerSecondUsed = 0 }: Stream, nowMs: number): number {
  return Math.max(nowMs, (consumerSecondUsed + 1) * 1000);
}
