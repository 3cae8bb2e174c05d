import { policyNotFound } from "../../model/policy-errors.ts";
import { changeResource, membersOf } from "../change-resource.ts";
import { operation } from "../operation.ts";

/** Deleting what is not there is an error (observed). */
export const deleteResourcePolicy = operation({
  name: "DeleteResourcePolicy",
  plane: "control",
  async handle(input, context) {
    await changeResource(input.ResourceARN, context, (resource) => {
      const { tags, policy } = membersOf(resource);
      if (policy === undefined) throw policyNotFound(input.ResourceARN);
      return { tags };
    });
    return undefined;
  },
});
