import { addTags } from "../../streams/tags.ts";
import { defineOperation } from "../operation.ts";
import { tagsAndPolicyOf, updateResource } from "../update-resource.ts";

/** Tags of a stream are the ones that AddTagsToStream adds to. */
export const tagResource = defineOperation({
  name: "TagResource",
  plane: "control",
  async handle(input, context) {
    await updateResource(input.ResourceARN, context, (resource) => {
      const members = tagsAndPolicyOf(resource);
      return { ...members, tags: addTags(resource.revision.stream, members.tags, input.Tags) };
    });
    return undefined;
  },
});
