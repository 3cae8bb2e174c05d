import { tagsPage } from "../../streams/tags.ts";
import { defineOperation } from "../operation.ts";
import { requireResource, tagsAndPolicyOf } from "../update-resource.ts";

/** The whole list, in key order; there is no paging. */
export const listTagsForResource = defineOperation({
  name: "ListTagsForResource",
  plane: "control",
  async handle(input, context) {
    return { Tags: tagsPage(tagsAndPolicyOf(requireResource(input.ResourceARN, context)).tags, {}).tags };
  },
});
