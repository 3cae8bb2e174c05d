import { addTags } from "../../streams/tags.ts";
import { defineOperation } from "../operation.ts";
import { tagsAndPolicyOf, updateTagsAndPolicy } from "../update-tags-and-policy.ts";

/** A stream has the same tags here as in AddTagsToStream. */
export const tagResource = defineOperation({
  name: "TagResource",
  plane: "control",
  async handle(input, context) {
    await updateTagsAndPolicy(input.ResourceARN, context, (resource) => {
      const members = tagsAndPolicyOf(resource);
      return { ...members, tags: addTags(resource.revision.stream, members.tags, input.Tags) };
    });
    return undefined;
  },
});
