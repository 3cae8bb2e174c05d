import { retentionNotDecreased } from "../../model/retention-errors.ts";
import { withRetention } from "../../streams/retention-window.ts";
import { changeStream } from "../change-stream.ts";
import { operation } from "../operation.ts";
import { requireStreamIn } from "../require-stream.ts";
import { withSettingsIntent } from "../settings-intent.ts";
import { checkRetention } from "./check-retention.ts";

/** The present hours are accepted and change nothing (the API reference asks for less). What is older than the new hours is gone at once. */
export const decreaseStreamRetentionPeriod = operation({
  name: "DecreaseStreamRetentionPeriod",
  plane: "control",
  async handle(input, context) {
    const requestedHours = input.RetentionPeriodHours;
    await changeStream(context, () => {
      const live = requireStreamIn(["ACTIVE"], input, context);
      const { stream } = live;
      const currentHours = stream.retentionHours;
      checkRetention(requestedHours);
      if (requestedHours > currentHours) throw retentionNotDecreased(stream, { requestedHours, currentHours });
      if (requestedHours === currentHours) return [live, stream];
      return [live, withSettingsIntent(withRetention(stream, requestedHours, context.clock.nowMs()), context)];
    });
    return undefined;
  },
});
