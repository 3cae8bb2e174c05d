import { removeTags } from "../../streams/tags.ts";
import { changeResource, membersOf } from "../change-resource.ts";
import { operation } from "../operation.ts";

/** Keys that the resource does not have are ignored. */
export const untagResource = operation({
  name: "UntagResource",
  plane: "control",
  async handle(input, context) {
    await changeResource(input.ResourceARN, context, (resource) => {
      const members = membersOf(resource);
      return { ...members, tags: removeTags(resource.live.stream, members.tags, input.TagKeys) };
    });
    return undefined;
  },
});
