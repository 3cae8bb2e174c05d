import { membersOf, requireResource } from "../change-resource.ts";
import { operation } from "../operation.ts";

/** A resource without a policy has the policy `{}` (observed). */
export const getResourcePolicy = operation({
  name: "GetResourcePolicy",
  plane: "control",
  async handle(input, context) {
    return { Policy: membersOf(requireResource(input.ResourceARN, context)).policy ?? "{}" };
  },
});
