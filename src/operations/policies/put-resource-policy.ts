import { consumerNotActive } from "../../model/consumer-errors.ts";
import { checkPolicy } from "../../streams/policy/check-policy.ts";
import { changeResource, membersOf } from "../change-resource.ts";
import { operation } from "../operation.ts";

/** Replaces the policy; it is given back exactly as it was put. */
export const putResourcePolicy = operation({
  name: "PutResourcePolicy",
  plane: "control",
  async handle(input, context) {
    await changeResource(input.ResourceARN, context, (resource) => {
      const { live, consumer } = resource;
      if (consumer !== undefined && consumer.status !== "ACTIVE") {
        const createdSecond = Math.floor(consumer.createdMs / 1000);
        throw consumerNotActive(live.stream, { name: consumer.name, createdSecond });
      }
      checkPolicy(input.Policy);
      return { ...membersOf(resource), policy: input.Policy };
    });
    return undefined;
  },
});
