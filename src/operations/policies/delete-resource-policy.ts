import { policyNotFound } from "../../model/policy-errors.ts";
import { defineOperation } from "../operation.ts";
import { tagsAndPolicyOf, updateResource } from "../update-resource.ts";

/** Without a policy it is an error (observed). */
export const deleteResourcePolicy = defineOperation({
  name: "DeleteResourcePolicy",
  plane: "control",
  async handle(input, context) {
    await updateResource(input.ResourceARN, context, (resource) => {
      const { tags, policy } = tagsAndPolicyOf(resource);
      if (policy === undefined) throw policyNotFound(input.ResourceARN);
      return { tags };
    });
    return undefined;
  },
});
