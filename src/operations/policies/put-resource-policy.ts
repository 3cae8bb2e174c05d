import { channelNotActive } from "../../model/channel-errors.ts";
import { consumerNotActive } from "../../model/consumer-errors.ts";
import { queueNotActive } from "../../model/queue-errors.ts";
import { validateResourcePolicy } from "../../streams/policy/validate-resource-policy.ts";
import { defineOperation } from "../operation.ts";
import { tagsAndPolicyOf, updateTagsAndPolicy } from "../update-tags-and-policy.ts";

/** Replaces the policy. GetResourcePolicy returns the same text. */
export const putResourcePolicy = defineOperation({
  name: "PutResourcePolicy",
  plane: "control",
  async handle(input, context) {
    await updateTagsAndPolicy(input.ResourceARN, context, (resource) => {
      const { revision, consumer, queue, channel } = resource;
      if (consumer !== undefined && consumer.status !== "ACTIVE") {
        const createdSecond = Math.floor(consumer.createdMs / 1000);
        throw consumerNotActive(revision.stream, { name: consumer.name, createdSecond });
      }
      if (queue?.status === "CREATING" || queue?.status === "DELETING") {
        throw queueNotActive(input.ResourceARN, queue.status);
      }
      if (channel?.status === "CREATING" || channel?.status === "DELETING") {
        throw channelNotActive(input.ResourceARN, channel.status);
      }
      validateResourcePolicy(input.Policy);
      return { ...tagsAndPolicyOf(resource), policy: input.Policy };
    });
    return undefined;
  },
});
