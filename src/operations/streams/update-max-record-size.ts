import { withSettingsIntent } from "../begin-transition.ts";
import { defineOperation } from "../operation.ts";
import { requireStreamInState } from "../require-stream.ts";
import { updateStreamDocument } from "../update-stream-document.ts";

/** Applies to new records only. */
export const updateMaxRecordSize = defineOperation({
  name: "UpdateMaxRecordSize",
  plane: "control",
  async handle(input, context) {
    await updateStreamDocument(context, () => {
      const revision = requireStreamInState(["ACTIVE"], input, context);
      return [revision, withSettingsIntent({ ...revision.stream, recordKiBMax: input.MaxRecordSizeInKiB }, context)];
    });
    return undefined;
  },
});
