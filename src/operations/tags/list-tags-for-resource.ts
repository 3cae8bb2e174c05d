import { tagsPage } from "../../streams/tags.ts";
import { defineOperation } from "../operation.ts";
import { requireResource, tagsAndPolicyOf } from "../update-tags-and-policy.ts";

/** All tags, sorted by key; there are no pages. */
export const listTagsForResource = defineOperation({
  name: "ListTagsForResource",
  plane: "control",
  async handle(input, context) {
    return { Tags: tagsPage(tagsAndPolicyOf(requireResource(input.ResourceARN, context)).tags, {}).tags };
  },
});
