import { tagsPage } from "../../streams/tags.ts";
import { membersOf, requireResource } from "../change-resource.ts";
import { operation } from "../operation.ts";

/** The whole list, in key order; there is no paging. */
export const listTagsForResource = operation({
  name: "ListTagsForResource",
  plane: "control",
  async handle(input, context) {
    return { Tags: tagsPage(membersOf(requireResource(input.ResourceARN, context)).tags, {}).tags };
  },
});
