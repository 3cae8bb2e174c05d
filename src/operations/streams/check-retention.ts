import { retentionTooLong, retentionTooShort } from "../../model/retention-errors.ts";
import { retentionHoursMax, retentionHoursMin } from "../../streams/retention-window.ts";

/** InvalidArgumentException outside the bounds of any stream. */
export function checkRetention(requestedHours: number): void {
  if (requestedHours < retentionHoursMin) throw retentionTooShort(requestedHours);
  if (requestedHours > retentionHoursMax) throw retentionTooLong(requestedHours);
}
