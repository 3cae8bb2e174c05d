import { policyNotFound } from "../../model/policy-errors.ts";
import { defineOperation } from "../operation.ts";
import { tagsAndPolicyOf, updateTagsAndPolicy } from "../update-tags-and-policy.ts";

/** Without a policy it is an error (observed). */
export const deleteResourcePolicy = defineOperation({
  name: "DeleteResourcePolicy",
  plane: "control",
  async handle(input, context) {
    await updateTagsAndPolicy(input.ResourceARN, context, (resource) => {
      const { tags, policy } = tagsAndPolicyOf(resource);
      if (policy === undefined) throw policyNotFound(input.ResourceARN);
      return { tags };
    });
    return undefined;
  },
});
