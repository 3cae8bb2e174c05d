import { removeTags } from "../../streams/tags.ts";
import { defineOperation } from "../operation.ts";
import { requireStreamInState } from "../require-stream.ts";
import { updateStreamDocument } from "../update-stream-document.ts";

/** Absent keys are ignored. The stream is looked up before the keys are checked (observed). */
export const removeTagsFromStream = defineOperation({
  name: "RemoveTagsFromStream",
  plane: "control",
  async handle(input, context) {
    await updateStreamDocument(context, () => {
      const revision = requireStreamInState(["ACTIVE", "UPDATING"], input, context);
      const { stream } = revision;
      return [revision, { ...stream, tags: removeTags(stream, stream.tags, input.TagKeys) }];
    });
    return undefined;
  },
});
