import { removeTags } from "../../streams/tags.ts";
import { defineOperation } from "../operation.ts";
import { tagsAndPolicyOf, updateResource } from "../update-resource.ts";

/** Absent keys are ignored. */
export const untagResource = defineOperation({
  name: "UntagResource",
  plane: "control",
  async handle(input, context) {
    await updateResource(input.ResourceARN, context, (resource) => {
      const members = tagsAndPolicyOf(resource);
      return { ...members, tags: removeTags(resource.revision.stream, members.tags, input.TagKeys) };
    });
    return undefined;
  },
});
