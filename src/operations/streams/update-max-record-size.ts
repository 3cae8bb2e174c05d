import { changeStream } from "../change-stream.ts";
import { operation } from "../operation.ts";
import { requireStreamIn } from "../require-stream.ts";
import { withSettingsIntent } from "../settings-intent.ts";

/** Stored records stay as they are. */
export const updateMaxRecordSize = operation({
  name: "UpdateMaxRecordSize",
  plane: "control",
  async handle(input, context) {
    await changeStream(context, () => {
      const live = requireStreamIn(["ACTIVE"], input, context);
      return [live, withSettingsIntent({ ...live.stream, recordKiBMax: input.MaxRecordSizeInKiB }, context)];
    });
    return undefined;
  },
});
