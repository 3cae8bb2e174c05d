import { addTags } from "../../streams/tags.ts";
import { changeStream } from "../change-stream.ts";
import { operation } from "../operation.ts";
import { requireStreamIn } from "../require-stream.ts";

/** Known keys get the new value. The stream is looked up before the tags are read (observed). */
export const addTagsToStream = operation({
  name: "AddTagsToStream",
  plane: "control",
  async handle(input, context) {
    await changeStream(context, () => {
      const live = requireStreamIn(["ACTIVE", "UPDATING"], input, context);
      const { stream } = live;
      return [live, { ...stream, tags: addTags(stream, stream.tags, input.Tags) }];
    });
    return undefined;
  },
});
