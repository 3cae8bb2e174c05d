import { retentionNotDecreased } from "../../model/retention-errors.ts";
import { withRetention } from "../../streams/retention-window.ts";
import { withSettingsIntent } from "../begin-transition.ts";
import { defineOperation } from "../operation.ts";
import { requireStreamInState } from "../require-stream.ts";
import { updateStreamDocument } from "../update-stream-document.ts";
import { checkRetention } from "./check-retention-range.ts";

/** The present hours are accepted and change nothing (API reference: must be less). Older records expire at once. */
export const decreaseStreamRetentionPeriod = defineOperation({
  name: "DecreaseStreamRetentionPeriod",
  plane: "control",
  async handle(input, context) {
    const requestedHours = input.RetentionPeriodHours;
    await updateStreamDocument(context, () => {
      const revision = requireStreamInState(["ACTIVE"], input, context);
      const { stream } = revision;
      const currentHours = stream.retentionHours;
      checkRetention(requestedHours);
      if (requestedHours > currentHours) throw retentionNotDecreased(stream, { requestedHours, currentHours });
      if (requestedHours === currentHours) return [revision, stream];
      return [revision, withSettingsIntent(withRetention(stream, requestedHours, context.clock.nowMs()), context)];
    });
    return undefined;
  },
});
