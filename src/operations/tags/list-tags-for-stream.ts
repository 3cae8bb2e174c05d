import { tagsPage } from "../../streams/tags.ts";
import { defineOperation } from "../operation.ts";
import { requireStream } from "../require-stream.ts";

/** Sorted by UTF-16 code units; the start key is exclusive and may contain any characters (observed). */
export const listTagsForStream = defineOperation({
  name: "ListTagsForStream",
  plane: "control",
  async handle(input, context) {
    const { stream } = requireStream(input, context);
    const { tags, hasMore } = tagsPage(stream.tags, {
      exclusiveStartKey: input.ExclusiveStartTagKey,
      limit: input.Limit,
    });
    return { Tags: tags, HasMoreTags: hasMore };
  },
});
