import { removeTags } from "../../streams/tags.ts";
import { defineOperation } from "../operation.ts";
import { tagsAndPolicyOf, updateTagsAndPolicy } from "../update-tags-and-policy.ts";

/** Absent keys are ignored. */
export const untagResource = defineOperation({
  name: "UntagResource",
  plane: "control",
  async handle(input, context) {
    await updateTagsAndPolicy(input.ResourceARN, context, (resource) => {
      const members = tagsAndPolicyOf(resource);
      return { ...members, tags: removeTags(resource.revision.stream, members.tags, input.TagKeys) };
    });
    return undefined;
  },
});
