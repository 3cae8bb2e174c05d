import { streamNotActive } from "../../model/stream-errors.ts";
import { defineOperation } from "../operation.ts";
import { requireResource, tagsAndPolicyOf } from "../update-resource.ts";

/**
 * A resource without a policy has the policy `{}` (observed). The API reference declares ResourceInUseException, which is
 * taken for a stream that is CREATING or DELETING, as with the operations that change policies.
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
