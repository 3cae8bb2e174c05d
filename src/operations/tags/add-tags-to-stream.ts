import { addTags } from "../../streams/tags.ts";
import { defineOperation } from "../operation.ts";
import { requireStreamInState } from "../require-stream.ts";
import { updateStreamDocument } from "../update-stream-document.ts";

/** Present keys get the new value. The stream is looked up before the tags are checked (observed). */
export const addTagsToStream = defineOperation({
  name: "AddTagsToStream",
  plane: "control",
  async handle(input, context) {
    await updateStreamDocument(context, () => {
      const revision = requireStreamInState(["ACTIVE", "UPDATING"], input, context);
      const { stream } = revision;
      return [revision, { ...stream, tags: addTags(stream, stream.tags, input.Tags) }];
    });
    return undefined;
  },
});
