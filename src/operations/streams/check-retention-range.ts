import { retentionTooLong, retentionTooShort } from "../../model/retention-errors.ts";
import { retentionHoursMax, retentionHoursMin } from "../../streams/retention-window.ts";

/** Errors: InvalidArgumentException below 24 hours or above 365 days. */
export function checkRetention(requestedHours: number): void {
  if (requestedHours < retentionHoursMin) throw retentionTooShort(requestedHours);
  if (requestedHours > retentionHoursMax) throw retentionTooLong(requestedHours);
}
