import { removeTags } from "../../streams/tags.ts";
import { changeStream } from "../change-stream.ts";
import { operation } from "../operation.ts";
import { requireStreamIn } from "../require-stream.ts";

/** Keys that the stream does not have are ignored. The stream is looked up before the keys are read (observed). */
export const removeTagsFromStream = operation({
  name: "RemoveTagsFromStream",
  plane: "control",
  async handle(input, context) {
    await changeStream(context, () => {
      const live = requireStreamIn(["ACTIVE", "UPDATING"], input, context);
      const { stream } = live;
      return [live, { ...stream, tags: removeTags(stream, stream.tags, input.TagKeys) }];
    });
    return undefined;
  },
});
