import { addTags } from "../../streams/tags.ts";
import { changeResource, membersOf } from "../change-resource.ts";
import { operation } from "../operation.ts";

/** Tags of a stream are the ones that AddTagsToStream adds to. */
export const tagResource = operation({
  name: "TagResource",
  plane: "control",
  async handle(input, context) {
    await changeResource(input.ResourceARN, context, (resource) => {
      const members = membersOf(resource);
      return { ...members, tags: addTags(resource.live.stream, members.tags, input.Tags) };
    });
    return undefined;
  },
});
