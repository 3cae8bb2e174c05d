import { streamNotActive } from "../../model/stream-errors.ts";
import { membersOf, requireResource } from "../change-resource.ts";
import { operation } from "../operation.ts";

/**
 * A resource without a policy has the policy `{}` (observed). The API reference declares ResourceInUseException, which is
 * taken for a stream that is CREATING or DELETING, as with the operations that change policies.
 */
export const getResourcePolicy = operation({
  name: "GetResourcePolicy",
  plane: "control",
  async handle(input, context) {
    const resource = requireResource(input.ResourceARN, context);
    const { status } = resource.live.stream;
    if (status === "CREATING" || status === "DELETING") throw streamNotActive(resource.live.stream, status);
    return { Policy: membersOf(resource).policy ?? "{}" };
  },
});
