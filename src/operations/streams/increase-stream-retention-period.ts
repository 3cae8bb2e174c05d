import { retentionNotIncreased } from "../../model/retention-errors.ts";
import { withRetention } from "../../streams/retention-window.ts";
import { withSettingsIntent } from "../begin-transition.ts";
import { defineOperation } from "../operation.ts";
import { requireStreamInState } from "../require-stream.ts";
import { updateStreamDocument } from "../update-stream-document.ts";
import { checkRetention } from "./check-retention-range.ts";

/** The present hours are accepted and change nothing (observed; API reference: must be more). */
export const increaseStreamRetentionPeriod = defineOperation({
  name: "IncreaseStreamRetentionPeriod",
  plane: "control",
  async handle(input, context) {
    const requestedHours = input.RetentionPeriodHours;
    await updateStreamDocument(context, () => {
      const revision = requireStreamInState(["ACTIVE"], input, context);
      const { stream } = revision;
      const currentHours = stream.retentionHours;
      checkRetention(requestedHours);
      if (requestedHours < currentHours) throw retentionNotIncreased(stream, { requestedHours, currentHours });
      if (requestedHours === currentHours) return [revision, stream];
      return [revision, withSettingsIntent(withRetention(stream, requestedHours, context.clock.nowMs()), context)];
    });
    return undefined;
  },
});
