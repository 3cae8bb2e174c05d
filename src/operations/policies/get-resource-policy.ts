import { streamNotActive } from "../../model/stream-errors.ts";
import { defineOperation } from "../operation.ts";
import { requireResource, tagsAndPolicyOf } from "../update-tags-and-policy.ts";

/**
 * Returns `{}` for a resource without a policy (observed). ResourceInUseException, declared in the API reference, is
 * returned for a CREATING or DELETING stream, as by the operations that change policies.
 */
export const getResourcePolicy = defineOperation({
  name: "GetResourcePolicy",
  plane: "control",
  async handle(input, context) {
    const resource = requireResource(input.ResourceARN, context);
    const { status } = resource.revision.stream;
    if (status === "CREATING" || status === "DELETING") throw streamNotActive(resource.revision.stream, status);
    return { Policy: tagsAndPolicyOf(resource).policy ?? "{}" };
  },
});
